// Where the CPU time of launches is read.
//
// CPU is counted where it is spent: by getrusage for this process and for what it starts itself, and by the launcher's
// own accounting, that of its seats and that of the children that it has reaped (/proc/<pid>/stat, ticks of 10 ms, so
// that a rung needs hundreds of launches). What ends is often taken down by the kernel's own threads: their CPU time is
// a column of its own, since it holds what they do for everybody else on the machine as well.
#pragma once

#include <map>
#include <string>

#include "base/result.h"

namespace assay::bench {

// Of this process and of the children that it has waited for.
double own_cpu_us();

// The launcher's CPU, that of what it has reaped, and that of its seats: they live on, and work in every launch.
Result<double> launcher_cpu_us(int pid);

// CPU time of the kernel's threads: the processes without memory of their own.
class KernelThreads {
 public:
    static KernelThreads now();
    [[nodiscard]] double since(const KernelThreads& before) const;

 private:
    std::map<std::string, double> micros_;
};

}  // namespace assay::bench

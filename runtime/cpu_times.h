// How busy this machine's CPUs are: the kernel's own account.
#pragma once

#include <cstdint>

namespace assay::runtime {

// Clock ticks of all CPUs together since boot. Idle includes waiting for the disk; time that a hypervisor took
// (steal) counts as busy. Zero where /proc/stat cannot be read.
struct CpuTimes {
    std::uint64_t idle = 0;
    std::uint64_t all = 0;
};

CpuTimes read_cpu_times();

// Of all CPUs between two looks, 0 to 1; 1 when no time has passed or nothing could be read.
double idle_share(const CpuTimes& from, const CpuTimes& to);

}  // namespace assay::runtime

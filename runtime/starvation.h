// Was a server slow, or was it kept from the CPU? Asked when a deadline has passed, before it is believed.
//
// Two looks at the kernel's accounting, one before and one after. Nothing that the server writes is asked.
#pragma once

#include <string>

#include "base/units.h"
#include "runtime/cpu_times.h"

namespace assay::runtime {

// One look at a process tree and its machine. `init_pidfd` is the tree's root; of a tree that is gone, zeroes.
struct CpuLook {
    Micros waited{0};  // runnable without running, summed over the threads that live now (/proc/*/task/*/schedstat)
    Micros used{0};    // CPU time of its processes, their ended threads and reaped children included (/proc/*/stat)
    CpuTimes machine;
};

CpuLook look_at_cpu(int init_pidfd);

// Why a deadline of this length that passed between two looks is not to be believed; empty when it is. Others must
// have used a quarter of the machine, and either the tree's threads waited for a CPU for a fifth of the deadline, or
// there was no CPU to spare while the tree worked for a fifth of it. A server that sleeps or hangs neither waits nor
// works; one that burns all CPUs by itself is believed.
std::string doubt(const CpuLook& before, const CpuLook& after, Micros deadline);

}  // namespace assay::runtime

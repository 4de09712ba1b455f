// Was a server slow, or was it kept from the CPU? Asked when a deadline has passed, before it is believed.
#pragma once

#include "base/result.h"
#include "base/units.h"

namespace assay::runtime {

// How long the threads of a process tree that live now have been runnable without running, summed over them: the
// second field of /proc/<pid>/task/<tid>/schedstat (nanoseconds, kernel's own accounting). `init` is the tree's root.
// Fails where the kernel keeps no such account (CONFIG_SCHED_INFO) or the tree is gone.
Result<Micros> run_delay(int init_pidfd);

// The rule that decides whether a passed deadline is repeated in quiet: while it ran, the tree waited for a CPU
// for at least this share of it. A server that sleeps or hangs waits for nothing.
inline constexpr double kStarvedShare = 0.2;
inline bool starved(Micros delay, Micros deadline) {
    return static_cast<double>(delay.count()) > kStarvedShare * static_cast<double>(deadline.count());
}

}  // namespace assay::runtime

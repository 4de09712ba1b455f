// Cgroups for sandboxes: limits and accounting, where the host lets us; recycled, because making them costs.
//
// A seat is in its cgroups, and inits are born into them. v2: the clone itself puts the seat there. v1: the seat joins,
// by writing to `tasks`, not `cgroup.procs`: the move of a single task takes no global lock. With the lock, a lone
// launch waits 10 ms for a grace period of RCU.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "sandbox/launcher/cgroup_tree.h"
#include "sandbox/spec.h"

namespace assay::sandbox {

// Kernel accounting of one sandbox since its launch. What the host does not count is 0, or -1.
struct CgroupUse {
    std::uint64_t memory_peak = 0;
    std::uint64_t memory_phase_peak = 0;  // since the last look; 0: below that of an earlier phase, not known
    std::uint64_t cpu_nanoseconds = 0;
    std::uint32_t processes_peak = 0;     // of the sandbox itself: without seat and init
    std::uint64_t out_of_memory = 0;      // processes ended by the kernel for it
    std::uint64_t processes_refused = 0;  // forks that the limit refused
    std::uint64_t throttled_periods = 0;  // of CPU bandwidth
    std::int64_t throttled_micros = -1;
    std::array<std::int64_t, 3> stalled_micros{-1, -1, -1};  // cpu, memory, io: pressure, "some"
};

class CgroupPool {
 public:
    struct Group;  // one cgroup in every hierarchy, for one seat

    CgroupPool();
    explicit CgroupPool(std::vector<Hierarchy> hierarchies);
    CgroupPool(CgroupPool&&) noexcept;
    CgroupPool& operator=(CgroupPool&&) noexcept;
    ~CgroupPool();  // removes every cgroup of ours

    [[nodiscard]] unsigned offers() const noexcept { return offers_; }

    // Null when the host offers nothing.
    Result<Group*> acquire();
    // Before a launch: sets the limits; `join` is what the seat must join first, valid until the next call.
    Result<void> begin(Group& group, const Limits& limits, std::vector<int>& join);
    // What it has used so far; begins a new phase.
    CgroupUse look(Group& group) const;
    // After its end: what it used, once. The group is as new afterwards, or false: it must be released.
    bool end(Group& group, CgroupUse& use);
    [[nodiscard]] std::uint64_t cpu_nanoseconds(const Group& group) const;
    // Nothing is left in it. Kept for another seat if it is as new, else removed.
    void release(Group* group);

    static int clone_into(const Group& group);  // v2: folder for CLONE_INTO_CGROUP; -1 when there is no v2

 private:
    Result<void> open_folder(Group& group, std::size_t hierarchy);
    bool renew(Group& group, const CgroupUse& use);
    void start_over(Group& group);
    void sweep();

    std::vector<Hierarchy> hierarchies_;
    unsigned offers_ = 0;
    std::uint64_t made_ = 0;
    std::vector<std::unique_ptr<Group>> groups_;
    std::vector<Group*> spare_;  // of groups_: as new, and nobody in them
    struct Leftover {
        std::size_t hierarchy;
        std::string name;
    };
    std::vector<Leftover> leftover_;  // could not be removed yet: a task was still leaving
};

}  // namespace assay::sandbox

// Cgroups for sandboxes: limits and accounting, where the host lets us; recycled, because making them costs.
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

// Kernel accounting of one sandbox since it was given its seat. What the host does not count is 0.
struct CgroupUse {
    std::uint64_t memory_peak = 0;
    std::uint64_t cpu_nanoseconds = 0;
    std::uint32_t processes_peak = 0;     // without init
    std::uint64_t out_of_memory = 0;      // processes ended by the kernel for it
    std::uint64_t processes_refused = 0;  // forks that the limit refused
};

class CgroupPool {
 public:
    // One cgroup in every hierarchy, for one sandbox at a time.
    struct Seat;

    CgroupPool();
    explicit CgroupPool(std::vector<Hierarchy> hierarchies);
    CgroupPool(CgroupPool&&) noexcept;
    CgroupPool& operator=(CgroupPool&&) noexcept;
    ~CgroupPool();  // removes every cgroup of ours

    [[nodiscard]] unsigned offers() const noexcept { return offers_; }

    // A seat with these limits set and its counters at their start. Null when the host offers nothing.
    Result<Seat*> acquire(const Limits& limits);
    CgroupUse use(const Seat& seat) const;
    [[nodiscard]] std::uint64_t cpu_nanoseconds(const Seat& seat) const;
    // The sandbox's processes are gone.
    void release(Seat* seat);

    // How a child gets in. v1: it writes "0" to each of these `tasks` files. (To `tasks`, not `cgroup.procs`: the move
    // of a single task takes no global lock. With the lock a lone launch waits 10 ms for a grace period of RCU.)
    static const std::vector<int>& join_files(const Seat& seat);
    // v2: the clone itself puts it there (CLONE_INTO_CGROUP); -1 when there is no v2.
    static int join_folder(const Seat& seat);

 private:
    Result<std::unique_ptr<Seat>> make();
    Result<void> open_folder(Seat& seat, std::size_t hierarchy);
    Result<void> limit(Seat& seat, const Limits& limits);
    bool renew(Seat& seat);
    void discard(Seat& seat);
    void sweep();

    std::vector<Hierarchy> hierarchies_;
    unsigned offers_ = 0;
    std::uint64_t made_ = 0;
    std::vector<std::unique_ptr<Seat>> used_;
    std::vector<std::unique_ptr<Seat>> idle_;
    struct Leftover {
        std::size_t hierarchy;
        std::string name;
    };
    std::vector<Leftover> leftover_;  // could not be removed yet: a task was still leaving
};

}  // namespace assay::sandbox

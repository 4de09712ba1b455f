// The launcher's side of seats: making them, handing them out, taking them back when they are clean.
#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "base/result.h"
#include "sandbox/launcher/arena.h"
#include "sandbox/launcher/cgroup.h"
#include "sandbox/launcher/identity.h"
#include "sandbox/launcher/netns.h"
#include "sandbox/spec.h"

namespace assay::sandbox {

struct Seat {
    explicit Seat(Arena memory) : arena(std::move(memory)) {}
    Arena arena;
    pid_t pid = -1;  // -1: has ended
    std::shared_ptr<NetNs> net;
    CgroupPool::Group* group = nullptr;
    bool keep = true;  // may serve another sandbox
    std::chrono::steady_clock::time_point free_since;
};

class Seats {
 public:
    // `keep`: idle seats at most.
    Seats(const Identity& identity, CgroupPool& cgroups, Nets& nets, unsigned keep)
        : identity_(identity), cgroups_(cgroups), nets_(nets), keep_(keep) {}
    ~Seats();

    // A seat for one sandbox. `shared`: in this net namespace, else in a clean or (`fresh`) new one.
    Result<Seat*> take(bool fresh, std::shared_ptr<NetNs> shared);
    // Its plan is on the board: it clones an init.
    void launch(Seat& seat);
    // The sandbox is gone, and its cgroup's accounts are read.
    void give_back(Seat* seat);
    // A child of the launcher has ended. If it was a seat in use: which.
    const Seat* reaped(pid_t pid);

 private:
    Result<std::unique_ptr<Seat>> make(std::shared_ptr<NetNs> net);
    void discard(std::unique_ptr<Seat> seat);

    const Identity& identity_;
    CgroupPool& cgroups_;
    Nets& nets_;
    unsigned keep_;
    std::vector<std::unique_ptr<Seat>> used_;
    std::vector<std::unique_ptr<Seat>> idle_;      // net namespace proven clean
    std::vector<std::unique_ptr<Seat>> draining_;  // nobody uses it, but it has sockets: of the parent, or closing
    std::vector<CgroupPool::Group*> vacated_;      // of seats that are ending; released once they have been reaped
    std::vector<pid_t> ending_;
};

}  // namespace assay::sandbox

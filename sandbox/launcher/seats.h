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
    bool keep = true;    // may serve another sandbox
    int processor = -1;  // the one that it is kept to; -1: it is not
    bool fresh = false;  // makes a net namespace for each sandbox; `net` is none until that runs
    std::chrono::steady_clock::time_point free_since;
};

class Seats {
 public:
    // `keep`: idle seats at most, of either kind. `own_ipc`: seats have an ipc namespace, since we are told when a
    // sandbox makes something there (last_of); else each launch must make one.
    Seats(const Identity& identity, CgroupPool& cgroups, Nets& nets, unsigned keep, bool own_ipc)
        : identity_(identity), cgroups_(cgroups), nets_(nets), keep_(keep), own_ipc_(own_ipc) {}
    ~Seats();

    // A seat for one sandbox. `shared`: in this net namespace, else in a clean one, or (`fresh`) one that will make
    // one.
    Result<Seat*> take(bool fresh, std::shared_ptr<NetNs> shared);
    // Its plan is on the board: it clones an init. `alone`: no other sandbox is being set up.
    void launch(Seat& seat, bool alone);
    // What its sandbox is about to do must not be met by another one. Null: it cannot be told which; all that are used.
    void last_of(Seat* seat);
    // The sandbox is gone, and its cgroup's accounts are read.
    void give_back(Seat* seat);
    // A child of the launcher has ended. If it was a seat in use: which.
    const Seat* reaped(pid_t pid);

 private:
    Result<std::unique_ptr<Seat>> make(std::shared_ptr<NetNs> net);
    std::unique_ptr<Seat> take_idle();
    void discard(std::unique_ptr<Seat> seat);

    const Identity& identity_;
    CgroupPool& cgroups_;
    Nets& nets_;
    unsigned keep_;
    bool own_ipc_;
    std::vector<std::unique_ptr<Seat>> used_;
    std::vector<std::unique_ptr<Seat>> idle_;      // net namespace proven clean
    std::vector<std::unique_ptr<Seat>> fresh_;     // idle: their last net namespace is of no more use
    std::vector<std::unique_ptr<Seat>> draining_;  // nobody uses it, but it has sockets: of the parent, or closing
    std::vector<CgroupPool::Group*> vacated_;      // of seats that are ending; released once they have been reaped
    std::vector<pid_t> ending_;
};

}  // namespace assay::sandbox

// Admission: how many submissions are in work at once. Waiting happens here, not inside a running sandbox.
//
// A Slot is capacity, move-only; its destruction gives the capacity back. `fixed` capacity is --jobs N. In
// `automatic` mode (--jobs auto) the capacity starts at the base and follows the machine: while submissions
// wait and the CPUs idle (servers that sleep, hang or wait for a timeout use a slot but no CPU), it grows a
// step at a time up to `most`; when the CPUs are full it shrinks back towards the base as slots are returned.
// An exclusive slot is granted only when nothing else is in work: a run that is repeated in quiet.
// Thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>

#include "runtime/event.h"
#include "runtime/reactor.h"

namespace assay::runtime {

struct Capacity {
    std::uint32_t base = 1;  // slots that are always there
    std::uint32_t most = 1;  // growth stops here; equal to base = fixed
    // Base and bound from this machine: cores and available memory, `memory_each` assumed for one submission.
    static Capacity automatic(Bytes memory_each);
    static Capacity fixed(std::uint32_t jobs) { return {jobs, jobs}; }
};

class Admission {
 public:
    class Slot {
     public:
        Slot() = default;
        Slot(Slot&& other) noexcept
            : owner_(std::exchange(other.owner_, nullptr)), exclusive_(other.exclusive_), parked_(other.parked_) {}
        Slot& operator=(Slot&& other) noexcept;
        ~Slot() { release(); }
        void release() noexcept;
        // Gives the capacity to others while this one waits for something that is not the machine (a dependency
        // layer); an exclusive slot is not granted meanwhile. unpark() waits for capacity again.
        void park();
        [[nodiscard]] Task<void> unpark();

     private:
        friend class Admission;
        Slot(Admission* owner, bool exclusive) : owner_(owner), exclusive_(exclusive) {}
        Admission* owner_ = nullptr;
        bool exclusive_ = false;
        bool parked_ = false;
    };

    Admission(Reactor& reactor, Capacity capacity);
    ~Admission();

    // With `alone` nothing else is in work until the slot is returned.
    [[nodiscard]] Task<Slot> admit(bool alone = false);

    [[nodiscard]] std::uint32_t in_work() const;
    [[nodiscard]] std::uint32_t capacity() const;

 private:
    struct Waiter {
        Event<bool> granted;
        bool alone;
    };
    void give_back(const Slot& slot) noexcept;
    void grant();  // with mutex_ held: as many waiters as capacity allows, first come first served
    void tick();   // on the reactor: look at the machine, adapt the capacity

    Reactor& reactor_;
    const Capacity bounds_;
    mutable std::mutex mutex_;
    std::uint32_t capacity_;
    std::uint32_t in_work_ = 0;
    std::uint32_t parked_ = 0;
    bool alone_ = false;
    std::deque<Waiter> waiting_;
    struct Pressure;
    std::shared_ptr<Pressure> pressure_;
};

}  // namespace assay::runtime

// One thread that knocks at every running script some times a second, so that it looks at its limits.
//
// Theory of operation: an engine arms its slot before it enters JavaScript and disarms it after. The thread sleeps
// while no slot exists, else wakes every kTick; a script that ends sooner, as all sane ones do, costs two atomic
// stores. For an armed slot the thread calls `knock`, which only asks the engine to interrupt itself
// (JS_RequestInterruptCallback, the one call that any thread may make); the engine's own thread looks at its clock
// and its memory, and decides. The thread ends with the Watchdog, which must outlive all slots.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <thread>

#include "base/units.h"

namespace assay::script {

class Watchdog {
 public:
    static constexpr Millis kTick{20};

    class Slot {
     public:
        ~Slot();
        Slot(const Slot&) = delete;
        Slot& operator=(const Slot&) = delete;
        void arm() { armed_.store(true, std::memory_order_relaxed); }
        void disarm() { armed_.store(false, std::memory_order_relaxed); }

     private:
        friend class Watchdog;
        Slot(Watchdog& watchdog, std::function<void()> knock) : watchdog_(watchdog), knock_(std::move(knock)) {}
        Watchdog& watchdog_;
        std::function<void()> knock_;
        std::atomic<bool> armed_{false};
    };

    Watchdog();
    ~Watchdog();
    Watchdog(const Watchdog&) = delete;
    Watchdog& operator=(const Watchdog&) = delete;

    // `knock` is called on the watchdog's thread, every tick while the slot is armed; it must be quick.
    std::unique_ptr<Slot> watch(std::function<void()> knock);

 private:
    void run();

    std::mutex mutex_;
    std::condition_variable changed_;
    std::list<Slot*> slots_;
    bool ending_ = false;
    std::thread thread_;
};

}  // namespace assay::script

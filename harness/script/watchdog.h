// One thread that looks at every running script some times a second, and knocks at those that are over a limit.
//
// Theory of operation: an engine arms its slot before it enters JavaScript and disarms it after. The thread sleeps
// while no slot exists, else wakes every kTick; a script that ends sooner, as all sane ones do, costs a few atomic
// stores. A slot past its deadline is knocked at, and so is one during whose script the process has grown by more
// than allowed (the script's arrays and texts are not in the collector's heap, so nothing closer can be asked).
// `knock` only asks the engine to interrupt itself (JS_RequestInterruptCallback, the one call that any thread may
// make). Knocking without need is not an option: SpiderMonkey 102 fails a regular expression that is interrupted.
// The thread ends with the Watchdog, which must outlive all slots.
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

    enum class Reason { deadline, memory };
    using Knock = std::function<void(Reason)>;

    class Slot {
     public:
        ~Slot();
        Slot(const Slot&) = delete;
        Slot& operator=(const Slot&) = delete;
        // A zero deadline is none.
        void arm(Instant deadline);
        void disarm() { armed_.store(false, std::memory_order_release); }

     private:
        friend class Watchdog;
        Slot(Watchdog& watchdog, Bytes growth, Knock knock)
            : watchdog_(watchdog), growth_(growth), knock_(std::move(knock)) {}
        void look(Instant now, std::uint64_t resident);

        Watchdog& watchdog_;
        const Bytes growth_;
        const Knock knock_;
        std::atomic<bool> armed_{false};
        std::atomic<Instant::rep> deadline_{0};
        std::atomic<std::uint64_t> script_{0};  // counts armings
        // The watchdog's thread only: of the script that it saw last.
        std::uint64_t seen_script_ = 0;
        std::uint64_t resident_before_ = 0;
    };

    Watchdog();
    ~Watchdog();
    Watchdog(const Watchdog&) = delete;
    Watchdog& operator=(const Watchdog&) = delete;

    // `growth`: how much the process may grow while one script runs. `knock` is called on the watchdog's thread,
    // every tick until the slot is disarmed; it must be quick.
    std::unique_ptr<Slot> watch(Bytes growth, Knock knock);

 private:
    void run();

    std::mutex mutex_;
    std::condition_variable changed_;
    std::list<Slot*> slots_;
    bool ending_ = false;
    std::thread thread_;
};

}  // namespace assay::script

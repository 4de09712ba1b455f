#include "harness/script/watchdog.h"

namespace assay::script {

Watchdog::Watchdog() : thread_([this] { run(); }) {}

Watchdog::~Watchdog() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

Watchdog::Slot::~Slot() {
    const std::lock_guard lock(watchdog_.mutex_);
    watchdog_.slots_.remove(this);
}

std::unique_ptr<Watchdog::Slot> Watchdog::watch(std::function<void()> knock) {
    std::unique_ptr<Slot> slot(new Slot(*this, std::move(knock)));
    {
        const std::lock_guard lock(mutex_);
        slots_.push_back(slot.get());
    }
    changed_.notify_all();
    return slot;
}

void Watchdog::run() {
    std::unique_lock lock(mutex_);
    while (!ending_) {
        if (slots_.empty()) {
            changed_.wait(lock, [this] { return ending_ || !slots_.empty(); });
            continue;
        }
        changed_.wait_for(lock, kTick, [this] { return ending_; });
        for (auto* slot : slots_) {
            if (slot->armed_.load(std::memory_order_relaxed)) slot->knock_();
        }
    }
}

}  // namespace assay::script

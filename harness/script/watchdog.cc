#include "harness/script/watchdog.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace assay::script {
namespace {

// Bytes of the process in memory; 0 when /proc does not say.
std::uint64_t resident_bytes() {
    std::FILE* file = std::fopen("/proc/self/statm", "re");
    if (file == nullptr) return 0;
    unsigned long long total = 0, resident = 0;
    const int read = std::fscanf(file, "%llu %llu", &total, &resident);
    std::fclose(file);
    return read == 2 ? resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) : 0;
}

}  // namespace

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

void Watchdog::Slot::arm(Instant deadline) {
    deadline_.store(deadline.time_since_epoch().count(), std::memory_order_relaxed);
    script_.fetch_add(1, std::memory_order_relaxed);
    armed_.store(true, std::memory_order_release);
}

void Watchdog::Slot::look(Instant now, std::uint64_t resident) {
    if (!armed_.load(std::memory_order_acquire)) return;
    const auto script = script_.load(std::memory_order_relaxed);
    if (script != seen_script_) {
        seen_script_ = script;
        resident_before_ = resident;
    }
    const auto deadline = deadline_.load(std::memory_order_relaxed);
    if (deadline != 0 && now.time_since_epoch().count() >= deadline) {
        knock_(Reason::deadline);
    } else if (resident > resident_before_ + growth_.count) {
        knock_(Reason::memory);
    }
}

std::unique_ptr<Watchdog::Slot> Watchdog::watch(Bytes growth, Knock knock) {
    std::unique_ptr<Slot> slot(new Slot(*this, growth, std::move(knock)));
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
        const bool any =
            std::any_of(slots_.begin(), slots_.end(), [](const Slot* slot) { return slot->armed_.load(); });
        if (!any) continue;
        const auto resident = resident_bytes();
        for (auto* slot : slots_) slot->look(Clock::now(), resident);
    }
}

}  // namespace assay::script

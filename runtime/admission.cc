#include "runtime/admission.h"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <cstdio>
#include <thread>

#include "base/fd.h"
#include "runtime/cpu_times.h"

namespace assay::runtime {

namespace {

constexpr Millis kLook{50};           // between two looks at the machine
constexpr double kIdleToGrow = 0.12;  // of all CPUs, over one look
constexpr double kIdleToShrink = 0.02;

std::uint64_t available_memory() {
    auto text = read_file("/proc/meminfo", 1 << 20);
    std::uint64_t kib = 0;
    if (text) {
        if (auto at = text->find("MemAvailable:"); at != std::string::npos)
            std::sscanf(text->c_str() + at, "MemAvailable: %lu kB", &kib);
    }
    return kib << 10;
}

}  // namespace

Capacity Capacity::automatic(Bytes memory_each) {
    const std::uint32_t cores = std::max(1u, std::thread::hardware_concurrency());
    // Half of what is available: page cache and the servers' own growth live in the other half.
    const std::uint64_t fits = available_memory() / 2 / std::max<std::uint64_t>(1, memory_each.count);
    const auto most = static_cast<std::uint32_t>(std::clamp<std::uint64_t>(fits, 1, 256));
    return {std::min(most, 2 * cores), most};
}

struct Admission::Pressure {
    Pressure(boost::asio::io_context& context) : timer(context) {}
    boost::asio::steady_timer timer;
    CpuTimes last = read_cpu_times();
    std::mutex mutex;  // guards `owner` against the owner's end
    Admission* owner = nullptr;

    static void arm(std::shared_ptr<Pressure> self) {
        auto& timer = self->timer;
        timer.expires_after(kLook);
        timer.async_wait([self = std::move(self)](const boost::system::error_code& error) mutable {
            if (error) return;
            {
                std::lock_guard lock(self->mutex);
                if (self->owner == nullptr) return;
                self->owner->tick();
            }
            arm(std::move(self));
        });
    }
};

Admission::Admission(Reactor& reactor, Capacity capacity)
    : reactor_(reactor), bounds_(capacity), capacity_(capacity.base) {
    if (bounds_.most == bounds_.base) return;
    pressure_ = std::make_shared<Pressure>(reactor.context());
    pressure_->owner = this;
    boost::asio::post(reactor.context(), [pressure = pressure_] { Pressure::arm(pressure); });
}

Admission::~Admission() {
    if (!pressure_) return;
    std::lock_guard lock(pressure_->mutex);
    pressure_->owner = nullptr;
}

void Admission::tick() {
    const CpuTimes now = read_cpu_times();
    const CpuTimes last = std::exchange(pressure_->last, now);
    if (now.all <= last.all) return;
    const double idle = idle_share(last, now);
    std::lock_guard lock(mutex_);
    if (idle > kIdleToGrow && !waiting_.empty() && in_work_ >= capacity_ && capacity_ < bounds_.most) {
        ++capacity_;
        grant();
    } else if (idle < kIdleToShrink && capacity_ > bounds_.base) {
        --capacity_;
    }
}

Task<Admission::Slot> Admission::admit(bool alone) {
    Event<bool> granted(reactor_.context());
    {
        std::lock_guard lock(mutex_);
        waiting_.push_back({granted, alone});
        grant();
    }
    co_await granted.wait();
    co_return Slot(this, alone);
}

void Admission::grant() {
    while (!waiting_.empty() && !alone_) {
        Waiter& first = waiting_.front();
        if (first.alone ? in_work_ + parked_ > 0 : in_work_ >= capacity_) return;
        ++in_work_;
        alone_ = first.alone;
        first.granted.set(true);
        waiting_.pop_front();
    }
}

void Admission::give_back(const Slot& slot) noexcept {
    std::lock_guard lock(mutex_);
    --(slot.parked_ ? parked_ : in_work_);
    if (slot.exclusive_) alone_ = false;
    grant();
}

std::uint32_t Admission::in_work() const {
    std::lock_guard lock(mutex_);
    return in_work_;
}

std::uint32_t Admission::capacity() const {
    std::lock_guard lock(mutex_);
    return capacity_;
}

Admission::Slot& Admission::Slot::operator=(Slot&& other) noexcept {
    std::swap(owner_, other.owner_);
    std::swap(exclusive_, other.exclusive_);
    std::swap(parked_, other.parked_);
    return *this;
}

void Admission::Slot::release() noexcept {
    if (owner_ != nullptr) std::exchange(owner_, nullptr)->give_back(*this);
}

void Admission::Slot::park() {
    if (exclusive_) return;  // nobody else may have it
    std::lock_guard lock(owner_->mutex_);
    --owner_->in_work_;
    ++owner_->parked_;
    parked_ = true;
    owner_->grant();
}

Task<void> Admission::Slot::unpark() {
    if (!parked_) co_return;
    Event<bool> granted(owner_->reactor_.context());
    {
        std::lock_guard lock(owner_->mutex_);
        // Before everybody else: an exclusive waiter at the front waits for this one.
        owner_->waiting_.push_front({granted, false});
        owner_->grant();
    }
    co_await granted.wait();
    std::lock_guard lock(owner_->mutex_);
    --owner_->parked_;
    parked_ = false;
}

}  // namespace assay::runtime

#include "harness/phases.h"

#include <utility>

namespace assay::harness {
namespace {

// Counters as they moved from `before` to `now`; peaks are the phase's own.
sandbox::Usage since(const sandbox::Usage& before, sandbox::Usage now) {
    auto moved = [](Micros from, Micros to) {
        const bool known = from != sandbox::kNotMeasured && to != sandbox::kNotMeasured;
        return known ? to - from : to;
    };
    now.wall -= before.wall;
    now.cpu_user -= before.cpu_user;
    now.cpu_system -= before.cpu_system;
    now.throttled_periods -= before.throttled_periods;
    now.throttled = moved(before.throttled, now.throttled);
    now.stalled_cpu = moved(before.stalled_cpu, now.stalled_cpu);
    now.stalled_memory = moved(before.stalled_memory, now.stalled_memory);
    now.stalled_io = moved(before.stalled_io, now.stalled_io);
    return now;
}

}  // namespace

void Phases::begin(std::string name) {
    end();
    open_ = std::move(name);
    since_ = Clock::now();
}

void Phases::end() {
    if (!open_.empty())
        done_.push_back({std::move(open_), std::chrono::duration_cast<Micros>(Clock::now() - since_), server_});
    open_.clear();
    server_.reset();
}

void Phases::used(const sandbox::Usage& now) {
    server_ = since(counted_.value_or(sandbox::Usage{}), now);
    counted_ = now;
}

std::vector<collect::Phase> Phases::take() {
    end();
    return std::move(done_);
}

}  // namespace assay::harness

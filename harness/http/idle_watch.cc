#include "harness/http/idle_watch.h"

#include <algorithm>

namespace assay::http {

IdleWatch::IdleWatch(const LaneExecutor& executor, Millis idle)
    : idle_(idle), shared_(std::make_shared<Shared>(executor)) {}

IdleWatch::~IdleWatch() {
    shared_->socket = nullptr;
    shared_->timer.cancel();
}

void IdleWatch::limit(Millis most) { latest_ = most.count() > 0 ? Clock::now() + most : Instant::max(); }

Millis IdleWatch::patience() const {
    if (latest_ == Instant::max()) return idle_;
    const auto left = std::max(std::chrono::ceil<Millis>(latest_ - Clock::now()), Millis(1));
    return idle_.count() > 0 ? std::min(idle_, left) : left;
}

void IdleWatch::watch(Socket& socket) {
    if (!watches()) {
        shared_->socket = nullptr;
        shared_->expired = false;
        return;
    }
    shared_->socket = &socket;
    touch();
    // A pending wait that fires too late for a limit is replaced.
    if (shared_->pending == 0 || shared_->timer.expiry() > shared_->deadline) arm(shared_);
}

void IdleWatch::touch() {
    if (!watches()) return;
    shared_->expired = false;
    shared_->deadline = idle_.count() > 0 ? std::min(Clock::now() + idle_, latest_) : latest_;
}

void IdleWatch::stop() { shared_->socket = nullptr; }

void IdleWatch::arm(const std::shared_ptr<Shared>& shared) {
    shared->timer.expires_at(shared->deadline);
    ++shared->pending;
    shared->timer.async_wait([shared](boost::system::error_code error) {
        --shared->pending;
        if (error || !shared->socket) return;
        if (Clock::now() < shared->deadline) {
            arm(shared);
            return;
        }
        shared->expired = true;
        boost::system::error_code ignored;
        shared->socket->cancel(ignored);
    });
}

}  // namespace assay::http

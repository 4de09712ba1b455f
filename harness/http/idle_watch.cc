#include "harness/http/idle_watch.h"

namespace assay::http {

IdleWatch::IdleWatch(LaneExecutor executor, Millis idle) : idle_(idle), shared_(std::make_shared<Shared>(executor)) {}

IdleWatch::~IdleWatch() {
    shared_->socket = nullptr;
    shared_->timer.cancel();
}

void IdleWatch::watch(Socket& socket) {
    if (idle_.count() <= 0) return;
    shared_->socket = &socket;
    touch();
    if (!shared_->pending) arm(shared_);
}

void IdleWatch::touch() {
    if (idle_.count() <= 0) return;
    shared_->expired = false;
    shared_->deadline = Clock::now() + idle_;
}

void IdleWatch::stop() { shared_->socket = nullptr; }

void IdleWatch::arm(const std::shared_ptr<Shared>& shared) {
    shared->pending = true;
    shared->timer.expires_at(shared->deadline);
    shared->timer.async_wait([shared](boost::system::error_code error) {
        shared->pending = false;
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

// A coroutine on the reactor that waits for news, which any thread may have.
#pragma once

#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>

#include "base/units.h"
#include "runtime/task.h"

namespace assay::serve {

// Held by the waiting coroutine; who rings it holds a weak pointer, so that nobody has to say that he left.
class Bell : public std::enable_shared_from_this<Bell> {
 public:
    explicit Bell(boost::asio::io_context& reactor) : reactor_(reactor), timer_(reactor) {}

    // Thread-safe.
    void ring() {
        if (rung_.exchange(true)) return;
        boost::asio::post(reactor_, [self = shared_from_this()] { self->timer_.cancel(); });
    }

    // On the reactor, one waiter: whether it rang since the last wait, else when the time is up.
    [[nodiscard]] runtime::Task<bool> wait_until(Instant deadline) {
        timer_.expires_at(deadline);
        boost::system::error_code ignored;
        if (!rung_) co_await timer_.async_wait(boost::asio::redirect_error(runtime::use_task, ignored));
        co_return rung_.exchange(false);
    }

 private:
    boost::asio::io_context& reactor_;
    boost::asio::steady_timer timer_;
    std::atomic<bool> rung_{false};
};

}  // namespace assay::serve

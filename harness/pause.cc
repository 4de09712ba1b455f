#include "harness/pause.h"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace assay::harness {

namespace asio = boost::asio;

http::Awaitable<void> sleep_until(Instant when) {
    asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, http::LaneExecutor> timer(
        co_await asio::this_coro::executor, when);
    co_await timer.async_wait(asio::use_awaitable_t<http::LaneExecutor>());
}

}  // namespace assay::harness

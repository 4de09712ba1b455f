#include "runtime/reactor.h"

#include <pthread.h>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_future.hpp>

namespace assay::runtime {

Reactor::Reactor()
    : work_(boost::asio::make_work_guard(context_)), thread_([this] {
          ::pthread_setname_np(::pthread_self(), "reactor");
          context_.run();
      }) {}

Reactor::~Reactor() { stop(); }

void Reactor::stop() {
    context_.stop();
    if (thread_.joinable()) thread_.join();
}

void Reactor::settle() {
    if (!thread_.joinable()) return;  // stopped
    boost::asio::post(context_, boost::asio::use_future).wait();
}

Task<void> Reactor::sleep_until(Instant when) {
    // The timer lives in the coroutine frame: it is armed and destroyed there, its handler is posted from here.
    boost::asio::steady_timer timer(context_, when);
    co_await timer.async_wait(use_task);
}

}  // namespace assay::runtime

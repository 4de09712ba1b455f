// The one reactor thread: epoll for timers, launcher sockets, pidfds and server logs.
//
// Theory of operation: the thread runs an io_context and nothing else. It never executes a step of an
// evaluation itself: completions are posted to the executor of the coroutine that waits. stop() ends the
// thread; what is still pending is dropped, so owners of pending work end before the reactor does.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <thread>

#include "base/units.h"
#include "runtime/task.h"

namespace assay::runtime {

class Reactor {
 public:
    Reactor();
    ~Reactor();
    Reactor(const Reactor&) = delete;
    Reactor& operator=(const Reactor&) = delete;

    // Ends the thread now, before what its handlers stand on is taken apart. What waits stays so until the end.
    void stop();
    [[nodiscard]] boost::asio::io_context& context() noexcept { return context_; }
    // Blocks until what the thread is at now is over. It may be at the tail of a hand-over to an executor whose
    // coroutine has ended already: call this before such an executor is destroyed.
    void settle();
    [[nodiscard]] Task<void> sleep_until(Instant when);
    [[nodiscard]] Task<void> sleep(Micros span) { return sleep_until(Clock::now() + span); }

 private:
    boost::asio::io_context context_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
    std::thread thread_;
};

}  // namespace assay::runtime

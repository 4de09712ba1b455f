// Who runs what: the only place that knows TBB.
//
// Theory of operation. Two TBB arenas share one pool of worker threads:
//  - the work arena executes every step of an evaluation between two waits (materialise, verify, decide,
//    report): its executor is what evaluations are spawned on, so a coroutine that the reactor resumes is a
//    TBB task, and no step ever blocks a worker;
//  - the lane arena executes the lanes. A lane is one long-lived TBB task with an io_context and a JavaScript
//    engine of its own (SpiderMonkey's runtimes are bound to their thread): a scenario run stays on one lane
//    from its first request to its last verdict, without a hand-over between threads. A lane's thread sleeps in
//    epoll exactly when a TBB worker would sleep for lack of tasks.
// What has to block (package managers) is not here: runtime/layers has a few threads for that.
// docs/decisions/waiting.md has the measurements that chose this.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/use_future.hpp>
#include <functional>
#include <memory>
#include <vector>

#include "harness/http/client.h"
#include "harness/script/engine.h"
#include "runtime/task.h"

namespace assay::harness {

struct Widths {
    unsigned workers = 0;  // 0 = one a core
    unsigned lanes = 0;    // 0 = one a core
};

class Scheduler {
 public:
    // `limits` are those of every script on every lane.
    Scheduler(const Widths& widths, const std::shared_ptr<script::Platform>& platform, const script::Limits& limits);
    ~Scheduler();  // every spawned coroutine has ended by then: run() returned
    Scheduler(const Scheduler&) = delete;
    Scheduler& operator=(const Scheduler&) = delete;

    // Steps spawned on it run as TBB tasks of the work arena.
    [[nodiscard]] boost::asio::any_io_executor executor();

    // Runs a coroutine to its end on the work arena; blocks the calling thread (main).
    template <typename T>
    T run(runtime::Task<T> task) {
        return boost::asio::co_spawn(executor(), std::move(task), boost::asio::use_future).get();
    }

    // Runs `make(engine, executor)`, a coroutine, on the least busy lane; resumes the caller on its own executor.
    // A lane whose engine could not be made gives the error.
    template <typename T>
    runtime::Task<Result<T>> on_lane(std::function<http::Awaitable<T>(script::Engine&, http::LaneExecutor)> make);

    [[nodiscard]] unsigned lanes() const noexcept;
    [[nodiscard]] unsigned workers() const noexcept;

 private:
    struct Lane;
    struct Arenas;
    struct Executor;

    // Capacity on a lane while a scenario is on it.
    class Ticket {
     public:
        explicit Ticket(Lane& lane) noexcept;
        Ticket(Ticket&& other) noexcept : lane_(std::exchange(other.lane_, nullptr)) {}
        ~Ticket();
        [[nodiscard]] http::LaneExecutor executor() const;
        [[nodiscard]] Result<script::Engine*> engine() const;  // on the lane's thread only

     private:
        Lane* lane_;
    };
    Ticket take_lane();

    std::unique_ptr<Arenas> arenas_;
    std::vector<std::unique_ptr<Lane>> lanes_;
};

template <typename T>
runtime::Task<Result<T>> Scheduler::on_lane(
    std::function<http::Awaitable<T>(script::Engine&, http::LaneExecutor)> make) {
    Ticket ticket = take_lane();
    const auto executor = ticket.executor();
    co_return co_await boost::asio::co_spawn(
        executor,
        [&ticket, &make, executor]() -> http::Awaitable<Result<T>> {
            auto engine = ticket.engine();
            if (!engine) co_return tl::unexpected(engine.error());
            co_return co_await make(**engine, executor);
        },
        runtime::use_task);
}

}  // namespace assay::harness

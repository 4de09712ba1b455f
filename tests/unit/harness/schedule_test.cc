#include "harness/schedule.h"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <string>
#include <thread>

#include "runtime/event.h"
#include "runtime/reactor.h"

namespace assay::harness {
namespace {

// One evaluation in small: waits for the reactor, then for a lane, and goes on as a task again.
runtime::Task<std::string> steps(runtime::Reactor& reactor, Scheduler& scheduler, const std::string& text) {
    co_await reactor.sleep(Micros(50));
    using Make = std::function<http::Awaitable<std::string>(script::Engine&, http::LaneExecutor)>;
    const Make make = [&text](script::Engine&, http::LaneExecutor) -> http::Awaitable<std::string> {
        co_return text + " on a lane";
    };
    auto said = co_await scheduler.on_lane(make);
    co_return said ? *said + " and back" : said.error().to_string();
}

// Ends the moment that the last of them has ended, again and again: nothing may still be at the tail of a hand-over.
TEST(Scheduler, EndsAtOnceAfterTheLastCoroutine) {
    const auto platform = script::Platform::create().value();
    for (int round = 0; round < 10; ++round) {
        runtime::Reactor reactor;
        Scheduler scheduler({3, 2}, platform, {});
        const auto all = [&]() -> runtime::Task<int> {
            constexpr int kMany = 40;
            auto right = std::make_shared<std::atomic<int>>(0);
            auto left = std::make_shared<std::atomic<int>>(kMany);
            const runtime::Event<bool> over(reactor.context());
            for (int each = 0; each < kMany; ++each) {
                boost::asio::co_spawn(
                    scheduler.executor(),
                    [&, each]() -> runtime::Task<std::string> {
                        const std::string text = std::to_string(each);
                        co_return co_await steps(reactor, scheduler, text);
                    },
                    [over, right, left, each](const std::exception_ptr&, const std::string& said) {
                        if (said == std::to_string(each) + " on a lane and back") ++*right;
                        if (--*left == 0) over.set(true);
                    });
            }
            co_await over.wait();
            co_return *right;
        };
        EXPECT_EQ(scheduler.run(all()), 40);
        reactor.settle();
    }
}

}  // namespace
}  // namespace assay::harness

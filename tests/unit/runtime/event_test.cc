#include "runtime/event.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <thread>

#include "runtime/reactor.h"

using namespace assay;
using namespace assay::runtime;

class EventTest : public ::testing::Test {
 protected:
    template <typename T>
    T run(Task<T> task) {
        return boost::asio::co_spawn(pool, std::move(task), boost::asio::use_future).get();
    }
    // Each may be at the tail of a hand-over to the other when the last coroutine has ended.
    void TearDown() override {
        reactor.settle();
        pool.stop();
        pool.join();
    }
    Reactor reactor;
    boost::asio::thread_pool pool{2};
};

TEST_F(EventTest, AValueSetBeforeTheWaitIsSeen) {
    Event<int> event(reactor.context());
    event.set(7);
    event.set(8);  // the first wins
    EXPECT_EQ(run(event.wait()), 7);
    EXPECT_EQ(run(event.wait()), 7);
}

TEST_F(EventTest, AValueSetWhileWaitingWakesTheWaiter) {
    Event<int> event(reactor.context());
    std::thread setter([&] {
        std::this_thread::sleep_for(Millis(20));
        event.set(5);
    });
    EXPECT_EQ(run(event.wait()), 5);
    setter.join();
}

TEST_F(EventTest, ADeadlineEndsTheWaitAndALaterWaitStillWorks) {
    Event<int> event(reactor.context());
    EXPECT_EQ(run(event.wait_until(Clock::now() + Millis(10))), std::nullopt);
    EXPECT_EQ(run(event.wait_until(Clock::now() - Millis(10))), std::nullopt);
    event.set(3);
    EXPECT_EQ(run(event.wait_until(Clock::now() + Millis(1000))), 3);
}

// Set and deadline race for the waiter: whoever wins, it is resumed exactly once.
TEST_F(EventTest, SetAndDeadlineAtTheSameMomentResumeOnce) {
    for (int round = 0; round < 500; ++round) {
        Event<int> event(reactor.context());
        const Instant moment = Clock::now() + Micros(300);
        std::thread setter([&] {
            std::this_thread::sleep_until(moment);
            event.set(round);
        });
        auto seen = run(event.wait_until(moment));
        setter.join();
        if (seen) {
            EXPECT_EQ(*seen, round);
        }
        EXPECT_EQ(run(event.wait()), round);
    }
}

// A deadline that passes while the wait begins ends it all the same.
TEST_F(EventTest, ADeadlineWithinMicrosecondsIsNeverMissed) {
    for (int round = 0; round < 20000; ++round) {
        const Event<int> event(reactor.context());
        auto ended =
            boost::asio::co_spawn(pool, event.wait_until(Clock::now() + Micros(round % 40)), boost::asio::use_future);
        ASSERT_EQ(ended.wait_for(Millis(5000)), std::future_status::ready) << "in round " << round;
        EXPECT_EQ(ended.get(), std::nullopt);
    }
}

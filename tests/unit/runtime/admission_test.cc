#include "runtime/admission.h"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>

using namespace assay;
using namespace assay::runtime;

class AdmissionTest : public ::testing::Test {
 protected:
    // Each may be at the tail of a hand-over to the other when the last coroutine has ended.
    void TearDown() override {
        reactor.settle();
        pool.stop();
        pool.join();
    }
    Reactor reactor;
    boost::asio::thread_pool pool{4};
};

TEST_F(AdmissionTest, NeverMoreInWorkThanTheCapacityAndEveryoneIsServed) {
    Admission admission(reactor, Capacity::fixed(3));
    std::atomic<int> now{0}, most{0}, served{0};
    auto submission = [&]() -> Task<void> {
        auto slot = co_await admission.admit();
        const int in_work = ++now;
        for (int seen = most; in_work > seen && !most.compare_exchange_weak(seen, in_work);) {
        }
        co_await reactor.sleep(Micros(200));
        --now;
        ++served;
    };
    std::vector<std::future<void>> all;
    for (int each = 0; each < 100; ++each)
        all.push_back(boost::asio::co_spawn(pool, submission(), boost::asio::use_future));
    for (auto& each : all) each.get();
    EXPECT_EQ(served, 100);
    EXPECT_EQ(most, 3);
    EXPECT_EQ(admission.in_work(), 0u);
}

TEST_F(AdmissionTest, AnExclusiveSlotIsAloneAndOthersWaitForIt) {
    Admission admission(reactor, Capacity::fixed(4));
    std::atomic<int> now{0};
    std::atomic<bool> disturbed{false};
    auto ordinary = [&]() -> Task<void> {
        auto slot = co_await admission.admit();
        ++now;
        co_await reactor.sleep(Micros(300));
        --now;
    };
    auto quiet = [&]() -> Task<void> {
        auto slot = co_await admission.admit(true);
        for (int look = 0; look < 20; ++look) {
            if (now != 0) disturbed = true;
            co_await reactor.sleep(Micros(200));
        }
    };
    std::vector<std::future<void>> all;
    for (int each = 0; each < 40; ++each) {
        all.push_back(boost::asio::co_spawn(pool, ordinary(), boost::asio::use_future));
        if (each % 10 == 5) all.push_back(boost::asio::co_spawn(pool, quiet(), boost::asio::use_future));
    }
    for (auto& each : all) each.get();
    EXPECT_FALSE(disturbed);
}

TEST(Capacity, AutomaticIsBoundedByMemoryAndNeverZero) {
    EXPECT_GE(Capacity::automatic(64_MiB).base, 1u);
    EXPECT_EQ(Capacity::automatic(Bytes{std::uint64_t{1} << 60}).most, 1u);
    EXPECT_LE(Capacity::automatic(1_MiB).most, 256u);
}

#include "runtime/reactor.h"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/post.hpp>
#include <thread>

using namespace assay;
using namespace assay::runtime;

TEST(Reactor, SettlesWhenWhatItsThreadIsAtIsOver) {
    Reactor reactor;
    std::atomic<bool> over{false};
    boost::asio::post(reactor.context(), [&] {
        std::this_thread::sleep_for(Millis(50));
        over = true;
    });
    reactor.settle();
    EXPECT_TRUE(over);
    reactor.settle();  // with nothing to wait for
}

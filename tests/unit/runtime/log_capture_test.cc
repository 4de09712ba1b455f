#include "runtime/log_capture.h"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

using namespace assay;
using namespace assay::runtime;

TEST(LogCapture, KeepsHeadAndTailOfAFloodAndCountsTheRest) {
    Reactor reactor;
    auto capture = LogCapture::start(reactor, 1_KiB);
    ASSERT_TRUE(capture);
    std::string line(100, 'x');
    ASSERT_TRUE(write_all(capture->write_end(), "first\n"));
    for (int each = 0; each < 10000; ++each) ASSERT_TRUE(write_all(capture->write_end(), line));
    ASSERT_TRUE(write_all(capture->write_end(), "last\n"));
    capture->close_write_end();
    std::string text = capture->text();
    for (int tries = 0; !text.ends_with("last\n") && tries < 200; ++tries) text = capture->text();
    EXPECT_TRUE(text.starts_with("first\n"));
    EXPECT_TRUE(text.ends_with("last\n"));
    EXPECT_NE(text.find(" bytes not kept "), std::string::npos);
    EXPECT_LT(text.size(), 4096u);
}

TEST(LogCapture, TextIsCompleteWhenTheServerHasEnded) {
    Reactor reactor;
    auto capture = LogCapture::start(reactor, 64_KiB);
    ASSERT_TRUE(capture);
    ASSERT_TRUE(write_all(capture->write_end(), "Traceback: boom\n"));
    capture->close_write_end();
    EXPECT_EQ(capture->text(), "Traceback: boom\n");
    EXPECT_EQ(capture->tail(6), " boom\n");
}

namespace {

bool value_of(const Event<bool>& event, Reactor& reactor) {
    return boost::asio::co_spawn(reactor.context(), event.wait(), boost::asio::use_future).get();
}

}  // namespace

TEST(LogCapture, TellsWhenAWordIsSaidHoweverItArrives) {
    Reactor reactor;
    auto capture = LogCapture::start(reactor, 64_KiB);
    ASSERT_TRUE(capture);
    ASSERT_TRUE(write_all(capture->write_end(), "starting\nrea"));
    const auto said = capture->watch_for("ready");
    EXPECT_FALSE(said.ready());
    ASSERT_TRUE(write_all(capture->write_end(), "dy\n"));
    EXPECT_TRUE(value_of(said, reactor));
    EXPECT_TRUE(value_of(capture->watch_for("starting"), reactor));  // said before it was asked for
}

TEST(LogCapture, TellsWhenTheWordCannotComeAnyMore) {
    Reactor reactor;
    auto capture = LogCapture::start(reactor, 64_KiB);
    ASSERT_TRUE(capture);
    const auto said = capture->watch_for("ready");
    ASSERT_TRUE(write_all(capture->write_end(), "out of memory\n"));
    capture->close_write_end();
    EXPECT_FALSE(value_of(said, reactor));
    EXPECT_FALSE(value_of(capture->watch_for("ready"), reactor));
}

TEST(LogCapture, TellsOnceThatMoreHasComeThanTheLimit) {
    Reactor reactor;
    auto capture = LogCapture::start(reactor, 64_KiB);
    ASSERT_TRUE(capture);
    std::atomic<int> told = 0;
    Event<bool> met(reactor.context());
    capture->limit(1_KiB, [&, met]() mutable {
        ++told;
        met.set(true);
    });
    ASSERT_TRUE(write_all(capture->write_end(), std::string(1024, 'x')));
    sandbox::Exit exit;
    EXPECT_EQ(capture->text().size(), 1024u);
    add_output(*capture, exit);
    EXPECT_TRUE(exit.limits_hit.empty()) << "as much as the limit is not more";
    ASSERT_TRUE(write_all(capture->write_end(), "y"));
    EXPECT_TRUE(value_of(met, reactor));
    ASSERT_TRUE(write_all(capture->write_end(), std::string(4096, 'z')));
    EXPECT_EQ(capture->text().size(), 5121u) << "what comes until the end is kept as before";
    EXPECT_EQ(told, 1);
    add_output(*capture, exit);
    EXPECT_EQ(exit.limits_hit, std::vector<std::string>{"output"});
    EXPECT_EQ(exit.usage.output.count, 5121u);
}

TEST(LogCapture, TellsOfALimitThatWasMetBeforeItWasSet) {
    Reactor reactor;
    auto capture = LogCapture::start(reactor, 1_KiB);
    ASSERT_TRUE(capture);
    ASSERT_TRUE(write_all(capture->write_end(), "much"));
    EXPECT_EQ(capture->text(), "much");
    int told = 0;
    capture->limit(Bytes{3}, [&] { ++told; });
    EXPECT_EQ(told, 1);
}

TEST(LogCapture, WithoutALimitNothingIsTooMuch) {
    Reactor reactor;
    auto capture = LogCapture::start(reactor, 1_KiB);
    ASSERT_TRUE(capture);
    int told = 0;
    capture->limit(Bytes{0}, [&] { ++told; });
    ASSERT_TRUE(write_all(capture->write_end(), std::string(8192, 'x')));
    EXPECT_FALSE(capture->text().empty());
    EXPECT_FALSE(capture->met_limit());
    EXPECT_EQ(told, 0);
}

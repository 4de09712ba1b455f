#include "runtime/log_capture.h"

#include <gtest/gtest.h>

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

#include "harness/http/text.h"

#include <gtest/gtest.h>

using namespace assay::http;

TEST(RepairUtf8, KeepsUtf8AndReplacesTheRest) {
    const std::string mark = "\xEF\xBF\xBD";
    for (std::string good : {"plain", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", ""})
        EXPECT_EQ(repair_utf8(good), good);
    EXPECT_EQ(repair_utf8("\xe9t\xe9"), mark + "t" + mark);
    EXPECT_EQ(repair_utf8("\xe2\x82"), mark);  // cut short: one mark
    EXPECT_EQ(repair_utf8("\xe2\x82x"), mark + "x");
    EXPECT_EQ(repair_utf8("\xc0\xaf"), mark + mark);             // overlong
    EXPECT_EQ(repair_utf8("\xed\xa0\x80"), mark + mark + mark);  // a surrogate
    EXPECT_EQ(repair_utf8("\xf4\x90\x80\x80"), mark + mark + mark + mark);
}

TEST(Latin1ToUtf8, WidensTheUpperHalf) { EXPECT_EQ(latin1_to_utf8("a\xe9\xff"), "a\xc3\xa9\xc3\xbf"); }

#include "base/recent.h"

#include <gtest/gtest.h>

using assay::Recent;

TEST(Recent, ForgetsWhatNobodyAsksFor) {
    Recent<int> recent(10);
    recent.put("often", 1);
    for (int each = 0; each < 1000; ++each) {
        recent.put(std::to_string(each), each);
        ASSERT_LE(recent.size(), 20u);
        ASSERT_NE(recent.find("often"), nullptr) << each;
    }
    EXPECT_EQ(*recent.find("999"), 999);
    EXPECT_EQ(*recent.find("990"), 990);
    EXPECT_EQ(recent.find("5"), nullptr);
}

TEST(Recent, HasOneValueOfAKey) {
    Recent<int> recent(2);
    recent.put("a", 1);
    recent.put("b", 2);
    recent.put("c", 3);  // a and b are old now
    recent.put("a", 4);
    EXPECT_EQ(*recent.find("a"), 4);
    EXPECT_EQ(recent.size(), 3u);
}

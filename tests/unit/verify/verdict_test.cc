#include "harness/verify/verdict.h"

#include <gtest/gtest.h>

using namespace assay::verify;

TEST(AddFinding, CountsWhatItNoLongerKeepsPerWeight) {
    RuleVerdict verdict;
    verdict.rule = "paper/orm";
    for (std::size_t i = 0; i < kMaxFindings + 7; ++i) add_finding(verdict, {{}, Weight::supports, "f", 1, "m", ""});
    add_finding(verdict, {{}, Weight::breaks, "f", 1, "m", ""});
    EXPECT_EQ(verdict.findings.size(), kMaxFindings + 1);
    EXPECT_EQ(verdict.omitted, 7u);
    EXPECT_EQ(verdict.findings.back().weight, Weight::breaks);
    EXPECT_EQ(verdict.findings.back().rule, "paper/orm");
}

TEST(AllHold, LooksOnlyAtWhatApplies) {
    EXPECT_TRUE(all_hold({}));
    EXPECT_TRUE(all_hold({{"a", true, true, "", {}, 0}, {"b", false, false, "", {}, 0}}));
    EXPECT_FALSE(all_hold({{"a", true, true, "", {}, 0}, {"b", true, false, "", {}, 0}}));
}

TEST(Excerpt, IsShortAndHarmless) {
    EXPECT_EQ(excerpt("  \tx = 1  "), "x = 1");
    EXPECT_EQ(excerpt("a\x1b[31m\r\nb"), "a [31m  b");
    EXPECT_EQ(excerpt("abcdef", 3), "abc...");
    EXPECT_EQ(excerpt("a\xC3\xBC\xC3\xBC", 4), "a\xC3\xBC...") << "not in the middle of a character";
    EXPECT_EQ(excerpt(""), "");
}

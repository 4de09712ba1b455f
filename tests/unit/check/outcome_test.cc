#include "harness/check/outcome.h"

#include <gtest/gtest.h>

using namespace assay::check;

TEST(Count, PreRequestAssertionsAreNamedButNotCounted) {
    RequestOutcome outcome;
    outcome.assertions = {{"a", Status::passed, "", true},
                          {"b", Status::passed, "", false},
                          {"c", Status::failed, "no", false},
                          {"d", Status::skipped, "", false}};
    EXPECT_EQ(count(outcome), (Counts{3, 1, 1, 1}));
}

TEST(Count, ARunIsTheSumOfItsRequests) {
    RequestOutcome one, two;
    one.assertions = {{"a", Status::passed, "", false}};
    two.assertions = {{"a", Status::failed, "", false}, {"b", Status::passed, "", false}};
    EXPECT_EQ(count(std::vector{one, two}), (Counts{3, 2, 1, 0}));
}

TEST(CutShort, OnlyTestScriptsThatMetALimitAreCutShort) {
    RequestOutcome outcome;
    outcome.script_errors = {{"test", "memory", "", 0},
                             {"test", "timeout", "", 0},
                             {"prerequest", "timeout", "", 0},
                             {"test", "TypeError", "", 0}};
    EXPECT_EQ(cut_short({outcome}), 2u);
}

#include "harness/check/plan.h"

#include <gtest/gtest.h>

using namespace assay::check;

namespace {

RequestOutcome visit(const std::vector<std::string>& names) {
    RequestOutcome outcome;
    for (const auto& name : names) outcome.assertions.push_back({name, Status::passed, "", false});
    return outcome;
}

using Names = std::vector<std::string>;

}  // namespace

TEST(Plan, WhatAThrowLeavesOutIsUnreached) {
    const ItemPlan plan{{{"a", "", true, 1}, {"b", "", true, 2}, {"c", "", true, 1}}, false};
    EXPECT_EQ(plan.known(), 4u);
    EXPECT_EQ(unreached(plan, visit({"a", "b"})), (Names{"b", "c"}));
    EXPECT_EQ(unreached(plan, visit({"a", "b", "b", "c"})), Names{});
    EXPECT_EQ(unreached(plan), (Names{"a", "b", "b", "c"}));
}

TEST(Plan, AComputedNameTakesWhatFits) {
    const ItemPlan plan{{{"has ", "!", false, 2}, {"has x!", "", true, 1}}, false};
    EXPECT_EQ(unreached(plan, visit({"has x!", "has y!"})), Names{"has ...!"});
    EXPECT_EQ(unreached(plan, visit({"has x!", "has y!", "has z!"})), Names{});
}

TEST(Plan, WhatIsNotPlannedHidesNothing) {
    const ItemPlan plan{{{"a", "", true, 1}}, true};
    EXPECT_EQ(unreached(plan, visit({"error branch"})), Names{"a"});
    auto prerequest = visit({"a"});
    prerequest.assertions[0].pre_request = true;
    EXPECT_EQ(unreached(plan, prerequest), Names{"a"});
}

TEST(Causes, CountsRootsAndWhatFollows) {
    auto first = visit({"a", "b"}), second = visit({"c"}), third = visit({"d"});
    for (auto* each : {&first, &second}) each->assertions[0].status = Status::failed;
    second.sequence = 1;
    second.follows = second.root_cause = 0;
    third.sequence = 2;
    const auto causes = causes_of({first, second, third});
    EXPECT_EQ(causes.root_failures, 1u);
    EXPECT_EQ(causes.following_failures, 1u);
    EXPECT_EQ(causes.roots, std::vector<std::uint32_t>{0});
}

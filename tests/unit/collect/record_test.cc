#include "harness/collect/record.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

using namespace assay;
using namespace assay::collect;

namespace {
Verdict verdict(std::uint32_t passed, std::uint32_t failed, bool holds) {
    Verdict made;
    made.counts = {passed + failed, passed, failed, 0};
    verify::RuleVerdict rule;
    rule.rule = "paper/database";
    rule.applicable = true;
    rule.holds = holds;
    made.structure = {rule};
    return made;
}
}  // namespace

TEST(Verdict, AViolatedRuleMakesTheStrictScoreZeroAndKeepsTheRawOne) {
    EXPECT_DOUBLE_EQ(verdict(3, 1, false).raw_score(), 0.75);
    EXPECT_DOUBLE_EQ(verdict(3, 1, false).strict_score(), 0.0);
    EXPECT_DOUBLE_EQ(verdict(3, 1, true).strict_score(), 0.75);
    EXPECT_FALSE(verdict(4, 0, false).succeeded());
    EXPECT_TRUE(verdict(4, 0, true).succeeded());
}

TEST(Verdict, AScriptThatWasCutShortIsNoPassAndNoStrictScore) {
    Verdict some = verdict(2, 0, true);
    some.cut_short = 1;
    EXPECT_FALSE(some.tests_passed());
    EXPECT_DOUBLE_EQ(some.strict_score(), 0.0);
    EXPECT_DOUBLE_EQ(some.raw_score(), 1.0) << "newman's own figure stays";
}

TEST(Verdict, NoAssertionAtAllIsNotAPass) {
    EXPECT_FALSE(verdict(0, 0, true).tests_passed());
    EXPECT_DOUBLE_EQ(verdict(0, 0, true).raw_score(), 0.0);
}

TEST(RecordJson, AFaultHasNoVerdictAndANullReward) {
    Record record;
    record.id = "a";
    record.outcome = runtime::Fault{"launch", "no memory", true};
    const auto line = to_json(record);
    EXPECT_FALSE(line.contains("verdict"));
    EXPECT_TRUE(line["reward"].is_null());
    EXPECT_EQ(line["fault"]["step"], "launch");
    EXPECT_TRUE(line["level"].is_null());
}

TEST(RecordJson, AVerdictCarriesCountsScoresAndRules) {
    Record record;
    record.id = "a";
    record.level = 2;
    record.outcome = verdict(3, 1, true);
    const auto line = to_json(record);
    EXPECT_FALSE(line.contains("fault"));
    EXPECT_EQ(line["verdict"]["assertions"]["passed"], 3);
    EXPECT_EQ(line["verdict"]["structure"][0]["rule"], "paper/database");
    EXPECT_DOUBLE_EQ(line["reward"], 0.75);
}

TEST(RequestJson, KeepsEveryAssertionWithItsStatus) {
    check::RequestOutcome outcome;
    outcome.item = "Register";
    outcome.error = "connect ECONNREFUSED 10.0.2.1:8080";
    outcome.presumed = true;
    outcome.assertions = {{"a", check::Status::passed, "", false}, {"b", check::Status::failed, "why", false}};
    const auto line = to_json(outcome);
    EXPECT_EQ(line["assertions"].size(), 2u);
    EXPECT_EQ(line["assertions"][1]["status"], "failed");
    EXPECT_EQ(line["assertions"][1]["message"], "why");
    EXPECT_TRUE(line["presumed"]);
    EXPECT_FALSE(line.contains("answer"));
}

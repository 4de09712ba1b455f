#include "harness/report/table.h"

#include <gtest/gtest.h>

using namespace assay;
using namespace assay::report;

namespace {
collect::Record judged(const std::string& task, std::uint32_t passed, std::uint32_t failed, bool holds = true) {
    collect::Record record;
    record.task = task;
    record.framework = "flask";
    record.level = 1;
    collect::Verdict verdict;
    verdict.counts = {passed + failed, passed, failed, 0};
    verify::RuleVerdict rule;
    rule.applicable = true;
    rule.holds = holds;
    verdict.structure = {rule};
    record.outcome = verdict;
    return record;
}
}  // namespace

TEST(Table, AFaultIsCountedAndIsInNoMean) {
    Table table;
    table.add(judged("a", 10, 0));
    auto fault = judged("b", 0, 0);
    fault.outcome = runtime::Fault{"launch", "", true};
    table.add(fault);
    const Row total = table.rows().back();
    EXPECT_EQ(total.submissions, 2u);
    EXPECT_EQ(total.faults, 1u);
    EXPECT_DOUBLE_EQ(total.strict, 100.0);
    EXPECT_DOUBLE_EQ(total.pass_at_1, 100.0);
}

TEST(Table, MeansAreOverTasksNotOverRuns) {
    Table table;
    for (int run = 0; run < 3; ++run) table.add(judged("a", 10, 0));
    table.add(judged("b", 0, 10));
    const Row total = table.rows().back();
    EXPECT_DOUBLE_EQ(total.strict, 50.0);
    EXPECT_DOUBLE_EQ(total.pass_at_1, 50.0);
    EXPECT_EQ(total.counts.total, 40u);
}

TEST(Table, AViolationCostsTheStrictScoreOnly) {
    Table table;
    table.add(judged("a", 10, 0, false));
    const Row row = table.rows().front();
    EXPECT_DOUBLE_EQ(row.strict, 0.0);
    EXPECT_DOUBLE_EQ(row.raw, 100.0);
    EXPECT_DOUBLE_EQ(row.pass_at_1, 0.0);
}

TEST(Table, TextHasARowAGroupAndTheTotal) {
    Table table;
    table.add(judged("a", 9, 1));
    const std::string text = table.text();
    EXPECT_NE(text.find("flask           L1           1              9/10    90.0    90.0     0.0       0"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("\nall "), std::string::npos);
}

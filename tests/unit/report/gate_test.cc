#include "harness/report/gate.h"

#include <gtest/gtest.h>

using namespace assay;
using namespace assay::report;

namespace {
bool met(const std::string& text, const Table& table) {
    const auto gate = Gate::parse(text);
    EXPECT_TRUE(gate) << text;
    return gate && gate->met(table);
}
}  // namespace

TEST(Gate, ComparesWithTheWholeTable) {
    Table table;
    collect::Record record;
    record.task = "t";
    collect::Verdict verdict;
    verdict.counts = {4, 3, 1, 0};
    record.outcome = verdict;
    table.add(record);
    record.outcome = runtime::Fault{"launch", "", true};
    table.add(record);
    EXPECT_TRUE(met("strict>=75", table));
    EXPECT_TRUE(met("raw == 75", table));
    EXPECT_FALSE(met("strict>75", table));
    EXPECT_FALSE(met("pass@1>=1", table));
    EXPECT_FALSE(met("faults==0", table));
    EXPECT_TRUE(met("faults<2", table));
    EXPECT_TRUE(met("submissions!=3", table));
    EXPECT_EQ(Gate::parse("faults==0")->explain(table), "faults==0: it is 1");
}

TEST(Gate, OfNoVerdictNoPercentageIsMet) {
    EXPECT_FALSE(met("strict>=0", Table()));
    EXPECT_FALSE(met("strict<=100", Table()));
    EXPECT_TRUE(met("submissions==0", Table()));
}

TEST(Gate, WhatIsNoneIsAnErrorWithItsRemedy) {
    for (const char* text : {"", "strict", "strict>=", ">=80", "strict=>80", "speed>=1", "strict>=80%", "strict=80"}) {
        const auto gate = Gate::parse(text);
        ASSERT_FALSE(gate) << text;
        EXPECT_NE(gate.error().remedy, "") << text;
    }
}

#include "harness/report/statistics.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "harness/report/statistics_text.h"

using namespace assay::report;

namespace {

ResultRow row(const std::string& task, double raw, double strict, bool passed, bool succeeded,
              const std::string& configuration = "a / m") {
    ResultRow made;
    made.configuration = configuration;
    made.task = task;
    made.framework = task.substr(0, task.find('-'));
    made.constraints = constraints_of(task);
    made.raw = raw;
    made.strict = strict;
    made.tests_passed = passed;
    made.succeeded = succeeded;
    return made;
}

}  // namespace

TEST(Statistics, PassAtKIsTheUnbiasedEstimate) {
    EXPECT_DOUBLE_EQ(pass_at(1, 4, 1), 0.25);
    EXPECT_DOUBLE_EQ(pass_at(3, 5, 2), 1 - 1.0 / 10);  // C(3,3) / C(5,3)
    EXPECT_DOUBLE_EQ(pass_at(3, 2, 1), 1);             // fewer runs than k
    EXPECT_DOUBLE_EQ(pass_at(3, 2, 0), 0);
    EXPECT_DOUBLE_EQ(pass_at(3, 3, 3), 1);
    EXPECT_DOUBLE_EQ(pass_all(3, 4, 2), 0.125);
    EXPECT_DOUBLE_EQ(pass_all(1, 0, 0), 0);
}

TEST(Statistics, DeviationIsTheSamples) {
    const auto sample = sample_of({1, 2, 3, 4});
    EXPECT_DOUBLE_EQ(sample.mean, 2.5);
    EXPECT_NEAR(sample.deviation, 1.2909944487, 1e-9);
    EXPECT_NEAR(sample.error(), 0.6454972243, 1e-9);
    EXPECT_EQ(sample_of({5}).deviation, 0);
}

TEST(Statistics, ATasksNameTellsItsConstraints) {
    EXPECT_EQ(constraints_of("koa-openapi-unconstrained").size(), 0u);
    EXPECT_EQ(constraints_of("koa-openapi-clean_architecture-postgres-sequelize"),
              (std::set<std::string>{"clean_architecture", "postgres", "sequelize"}));
}

TEST(Statistics, GroupsAreMeansOverTasksNotOverRuns) {
    const auto tasks = by_task({row("koa-openapi-unconstrained", 1, 1, true, true),
                                row("koa-openapi-unconstrained", 0.5, 0.5, false, false),
                                row("hono-openapi-unconstrained", 0, 0, false, false),
                                row("koa-openapi-clean_architecture-sqlite-sequelize", 0.6, 0, false, false)});
    const auto table = level_table(tasks);
    EXPECT_DOUBLE_EQ(table.at("a / m").at(0).strict, 37.5);
    EXPECT_DOUBLE_EQ(table.at("a / m").at(0).pass_at_1, 25);
    EXPECT_DOUBLE_EQ(*decay(table.at("a / m"), false), -37.5);
    EXPECT_DOUBLE_EQ(*decay(table.at("a / m"), true), 22.5);
    EXPECT_FALSE(decay({}, true));
}

TEST(Statistics, AMarginalEffectComparesSiblings) {
    const auto effects = marginal_effects(by_task(
        {row("koa-openapi-unconstrained", 1, 0.9, true, true), row("koa-openapi-sqlite", 1, 0.5, true, true),
         row("koa-openapi-sqlite-sequelize", 1, 0.7, true, true), row("hono-openapi-sqlite", 1, 0.1, true, true)}));
    ASSERT_EQ(effects.size(), 2u);  // hono has no sibling
    EXPECT_NEAR(effects.at("sqlite").mean, -40, 1e-9);
    EXPECT_EQ(effects.at("sqlite").n, 1u);
    EXPECT_NEAR(effects.at("sequelize").mean, 20, 1e-9);
}

TEST(Statistics, FrameworksAreOrderedByTheAverageOverConfigurations) {
    const std::vector<ResultRow> rows = {row("koa-openapi-sqlite", 1, 1, true, true, "a"),
                                         row("koa-openapi-sqlite", 0, 0, false, false, "b"),
                                         row("hono-openapi-sqlite", 0.6, 0.6, false, false, "a")};
    const auto board = leaderboard(by_task(rows), rows);
    EXPECT_EQ(board[0].framework, "hono");
    EXPECT_DOUBLE_EQ(board[1].strict, 50);
    EXPECT_EQ(board[1].runs.n, 2u);
}

TEST(Statistics, VerifierImpactCountsConstrainedRunsAlone) {
    const std::vector<ResultRow> rows = {row("koa-openapi-unconstrained", 1, 1, true, true),
                                         row("koa-openapi-sqlite", 1, 0, true, false),
                                         row("koa-openapi-postgres", 0.5, 0.5, false, false)};
    const auto impact = verifier_impact(rows, level_table(by_task(rows)));
    EXPECT_EQ(impact.constrained, 2u);
    EXPECT_EQ(impact.violating, 1u);
    EXPECT_EQ(impact.rejected, 1u);
    EXPECT_DOUBLE_EQ(impact.largest_difference, 50);
}

TEST(Statistics, AFaultIsNoRow) {
    EXPECT_FALSE(row_of({{"id", "x"}, {"fault", {{"step", "launch"}}}}));
    EXPECT_FALSE(row_of(nlohmann::json::array()));
    const auto found = row_of({{"task", "koa-openapi-sqlite"},
                               {"framework", "koa"},
                               {"labels", {{"agent", "a"}, {"model", "m"}}},
                               {"verdict", {{"raw_score", 0.5}, {"strict_score", 0.5}, {"succeeded", false}}}});
    ASSERT_TRUE(found);
    EXPECT_EQ(found->configuration, "a / m");
    EXPECT_EQ(found->raw, 0.5);
}

TEST(Statistics, EveryFormatEscapesItsOwnMarks) {
    const std::vector<Grid> grids = {{"T_1", {"a", "b%"}, {{"x,\"y\"", "50\x1b[0m"}}}};
    EXPECT_TRUE(csv_of(grids).starts_with("table,a,b%\r\nT_1,\"x,\"\"y\"\"\",50"));
    EXPECT_NE(latex_of(grids).find("a & b\\% \\\\"), std::string::npos);
    EXPECT_EQ(text_of(grids).find('\x1b'), std::string::npos);
    Statistics statistics{{row("koa-openapi-sqlite", 1, 1, true, true)}, 2};
    EXPECT_EQ(json_of(statistics)["faults"], 2);
    EXPECT_EQ(json_of(statistics)["tasks"][0]["pass_at_1"], 1.0);
    EXPECT_EQ(statistics.grids().size(), 4u);
}

// The statistics of the constraint-decay study over the results of one or more runs.
//
// Source of every formula: Dente, Satriani, Papotti, "Constraint Decay", arXiv 2605.06445, and its reproducibility
// package. Pure: nothing is read, nothing depends on the order of the runs. A submission with a fault is in no mean.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace assay::report {

// 1 - C(n-c, k) / C(n, k) for n runs of which c succeeded; if n < k: 1 when c > 0, else 0.
[[nodiscard]] double pass_at(std::uint64_t k, std::uint64_t n, std::uint64_t c);
// (c / n)^k: all of k runs succeed. 0 when n is 0.
[[nodiscard]] double pass_all(std::uint64_t k, std::uint64_t n, std::uint64_t c);

// Of a sample; all 0 when it is empty, deviation and error 0 of a single value.
struct Sample {
    std::size_t n = 0;
    double mean = 0;
    double deviation = 0;                // sample standard deviation, n - 1
    [[nodiscard]] double error() const;  // of the mean: deviation / sqrt(n)
};
[[nodiscard]] Sample sample_of(const std::vector<double>& values);

// What the statistics need of one result line.
struct ResultRow {
    std::string configuration;  // "agent / model" of the labels
    std::string task;
    std::string framework;
    std::set<std::string> constraints;  // empty: unconstrained. The level is their number
    double raw = 0, strict = 0;         // 0..1
    bool tests_passed = false, succeeded = false;
};
// Nothing for a fault, and for a line that is no result.
[[nodiscard]] std::optional<ResultRow> row_of(const nlohmann::json& result);
// {framework}-openapi-{constraints joined by -}; no constraints in other names.
[[nodiscard]] std::set<std::string> constraints_of(const std::string& task);

struct TaskStatistics {
    std::string configuration, task, framework;
    std::set<std::string> constraints;
    std::uint64_t runs = 0, succeeded = 0, tests_passed = 0;
    Sample raw, strict;
    [[nodiscard]] double pass_at_1() const { return pass_at(1, runs, succeeded); }
};
[[nodiscard]] std::vector<TaskStatistics> by_task(const std::vector<ResultRow>& rows);

// Means over tasks, in percent.
struct LevelCell {
    std::size_t tasks = 0;
    double strict = 0, raw = 0;  // A%, with and without verifiers
    double pass_at_1 = 0, pass_at_3 = 0, pass_all_3 = 0;
    double raw_pass_at_1 = 0;  // from tests alone
};
// Table 1 and 1-raw: of a configuration the cells of its levels.
using LevelTable = std::map<std::string, std::map<std::size_t, LevelCell>>;
[[nodiscard]] LevelTable level_table(const std::vector<TaskStatistics>& tasks);
// Strict A% at L3 minus that at L0; nothing when one of them is missing.
[[nodiscard]] std::optional<double> decay(const std::map<std::size_t, LevelCell>& levels, bool raw);

// Table 2a: over all tasks that have the constraint and whose sibling without it exists, the difference of strict A in
// percentage points.
[[nodiscard]] std::map<std::string, Sample> marginal_effects(const std::vector<TaskStatistics>& tasks);

// Table 3: frameworks, best first by the average over configurations of mean strict A%.
struct FrameworkRow {
    std::string framework;
    double strict = 0, pass_at_1 = 0;  // percent
    Sample runs;                       // strict A% of single runs, for the figure's error bars
};
[[nodiscard]] std::vector<FrameworkRow> leaderboard(const std::vector<TaskStatistics>& tasks,
                                                    const std::vector<ResultRow>& rows);

// What the verifiers change.
struct VerifierImpact {
    double largest_difference = 0;  // raw - strict, percentage points, over configurations and levels
    std::uint64_t constrained = 0;  // runs with at least one constraint
    std::uint64_t violating = 0;    // of these, runs that break a rule
    std::uint64_t passing = 0;      // of these, runs whose tests pass
    std::uint64_t rejected = 0;     // of the passing ones, those that a verifier rejects
};
[[nodiscard]] VerifierImpact verifier_impact(const std::vector<ResultRow>& rows, const LevelTable& table);

}  // namespace assay::report

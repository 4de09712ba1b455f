#include "harness/report/statistics.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

namespace assay::report {

double pass_at(std::uint64_t k, std::uint64_t n, std::uint64_t c) {
    if (n < k) return c > 0 ? 1 : 0;
    if (n - c < k) return 1;
    double none = 1;  // C(n-c, k) / C(n, k), factor by factor
    for (std::uint64_t i = 0; i < k; ++i) none *= static_cast<double>(n - c - i) / static_cast<double>(n - i);
    return 1 - none;
}

double pass_all(std::uint64_t k, std::uint64_t n, std::uint64_t c) {
    return n == 0 ? 0 : std::pow(static_cast<double>(c) / static_cast<double>(n), static_cast<double>(k));
}

double Sample::error() const { return n == 0 ? 0 : deviation / std::sqrt(static_cast<double>(n)); }

Sample sample_of(const std::vector<double>& values) {
    Sample sample;
    sample.n = values.size();
    if (values.empty()) return sample;
    const auto n = static_cast<double>(values.size());
    sample.mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
    double squares = 0;
    for (const double value : values) squares += (value - sample.mean) * (value - sample.mean);
    sample.deviation = values.size() < 2 ? 0 : std::sqrt(squares / (n - 1));
    return sample;
}

std::set<std::string> constraints_of(const std::string& task) {
    constexpr std::string_view kMiddle = "-openapi-";
    const auto at = task.find(kMiddle);
    std::set<std::string> found;
    if (at == std::string::npos) return found;
    const std::string rest = task.substr(at + kMiddle.size());
    for (std::size_t begin = 0; begin <= rest.size();) {
        const auto end = std::min(rest.find('-', begin), rest.size());
        const auto name = rest.substr(begin, end - begin);
        if (!name.empty() && name != "unconstrained") found.insert(name);
        begin = end + 1;
    }
    return found;
}

std::optional<ResultRow> row_of(const nlohmann::json& result) {
    if (!result.is_object() || !result.contains("verdict") || !result["verdict"].is_object()) return std::nullopt;
    const auto& verdict = result["verdict"];
    ResultRow row;
    const auto text = [](const nlohmann::json& object, const char* key) {
        const auto found = object.find(key);
        return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
    };
    const auto labels = result.value("labels", nlohmann::json::object());
    if (labels.is_object()) {
        const auto agent = text(labels, "agent"), model = text(labels, "model");
        row.configuration = agent + (agent.empty() || model.empty() ? "" : " / ") + model;
    }
    row.task = text(result, "task");
    row.framework = text(result, "framework");
    row.constraints = constraints_of(row.task);
    row.raw = verdict.value("raw_score", 0.0);
    row.strict = verdict.value("strict_score", 0.0);
    row.tests_passed = verdict.value("tests_passed", false);
    row.succeeded = verdict.value("succeeded", false);
    return row;
}

std::vector<TaskStatistics> by_task(const std::vector<ResultRow>& rows) {
    struct Runs {
        TaskStatistics task;
        std::vector<double> raw, strict;
    };
    std::map<std::pair<std::string, std::string>, Runs> groups;
    for (const ResultRow& row : rows) {
        Runs& runs = groups[{row.configuration, row.task}];
        auto& task = runs.task;
        task.configuration = row.configuration;
        task.task = row.task;
        task.framework = row.framework;
        task.constraints = row.constraints;
        ++task.runs;
        task.succeeded += row.succeeded ? 1 : 0;
        task.tests_passed += row.tests_passed ? 1 : 0;
        runs.raw.push_back(row.raw);
        runs.strict.push_back(row.strict);
    }
    std::vector<TaskStatistics> tasks;
    for (auto& [key, runs] : groups) {
        // In one order, whatever the order of the runs: sums of floating point depend on it.
        std::sort(runs.raw.begin(), runs.raw.end());
        std::sort(runs.strict.begin(), runs.strict.end());
        runs.task.raw = sample_of(runs.raw);
        runs.task.strict = sample_of(runs.strict);
        tasks.push_back(std::move(runs.task));
    }
    return tasks;
}

LevelTable level_table(const std::vector<TaskStatistics>& tasks) {
    LevelTable table;
    for (const auto& task : tasks) {
        LevelCell& cell = table[task.configuration][task.constraints.size()];
        ++cell.tasks;
        cell.strict += 100 * task.strict.mean;
        cell.raw += 100 * task.raw.mean;
        cell.pass_at_1 += 100 * task.pass_at_1();
        cell.pass_at_3 += 100 * pass_at(3, task.runs, task.succeeded);
        cell.pass_all_3 += 100 * pass_all(3, task.runs, task.succeeded);
        cell.raw_pass_at_1 += 100 * pass_at(1, task.runs, task.tests_passed);
    }
    for (auto& [configuration, levels] : table) {
        for (auto& [level, cell] : levels) {
            const auto n = static_cast<double>(cell.tasks);
            for (double* sum :
                 {&cell.strict, &cell.raw, &cell.pass_at_1, &cell.pass_at_3, &cell.pass_all_3, &cell.raw_pass_at_1})
                *sum /= n;
        }
    }
    return table;
}

std::optional<double> decay(const std::map<std::size_t, LevelCell>& levels, bool raw) {
    const auto none = levels.find(0), all = levels.find(3);
    if (none == levels.end() || all == levels.end()) return std::nullopt;
    return raw ? all->second.raw - none->second.raw : all->second.strict - none->second.strict;
}

std::map<std::string, Sample> marginal_effects(const std::vector<TaskStatistics>& tasks) {
    using Key = std::tuple<std::string, std::string, std::set<std::string>>;
    std::map<Key, double> strict;
    for (const auto& task : tasks) strict[{task.configuration, task.framework, task.constraints}] = task.strict.mean;
    std::map<std::string, std::vector<double>> differences;
    for (const auto& [key, value] : strict) {
        for (const auto& constraint : std::get<2>(key)) {
            Key sibling = key;
            std::get<2>(sibling).erase(constraint);
            const auto found = strict.find(sibling);
            if (found != strict.end()) differences[constraint].push_back(100 * (value - found->second));
        }
    }
    std::map<std::string, Sample> effects;
    for (const auto& [constraint, values] : differences) effects[constraint] = sample_of(values);
    return effects;
}

std::vector<FrameworkRow> leaderboard(const std::vector<TaskStatistics>& tasks, const std::vector<ResultRow>& rows) {
    struct Sums {
        double strict = 0, pass = 0;
        std::size_t tasks = 0;
    };
    std::map<std::string, std::map<std::string, Sums>> frameworks;
    for (const auto& task : tasks) {
        Sums& sums = frameworks[task.framework][task.configuration];
        sums.strict += 100 * task.strict.mean;
        sums.pass += 100 * task.pass_at_1();
        ++sums.tasks;
    }
    std::map<std::string, std::vector<double>> single;
    for (const auto& row : rows) single[row.framework].push_back(100 * row.strict);
    std::vector<FrameworkRow> board;
    for (const auto& [framework, configurations] : frameworks) {
        FrameworkRow row;
        row.framework = framework;
        const auto n = static_cast<double>(configurations.size());
        for (const auto& [configuration, sums] : configurations) {
            row.strict += sums.strict / static_cast<double>(sums.tasks) / n;
            row.pass_at_1 += sums.pass / static_cast<double>(sums.tasks) / n;
        }
        std::sort(single[framework].begin(), single[framework].end());
        row.runs = sample_of(single[framework]);
        board.push_back(std::move(row));
    }
    std::stable_sort(board.begin(), board.end(),
                     [](const auto& left, const auto& right) { return left.strict > right.strict; });
    return board;
}

VerifierImpact verifier_impact(const std::vector<ResultRow>& rows, const LevelTable& table) {
    VerifierImpact impact;
    for (const auto& [configuration, levels] : table)
        for (const auto& [level, cell] : levels)
            impact.largest_difference = std::max(impact.largest_difference, cell.raw - cell.strict);
    for (const auto& row : rows) {
        if (row.constraints.empty()) continue;
        ++impact.constrained;
        // A rule is broken when a score was taken away, or passing tests did not make a success.
        const bool violates = row.strict < row.raw || (row.tests_passed && !row.succeeded);
        impact.violating += violates ? 1 : 0;
        impact.passing += row.tests_passed ? 1 : 0;
        impact.rejected += row.tests_passed && !row.succeeded ? 1 : 0;
    }
    return impact;
}

}  // namespace assay::report

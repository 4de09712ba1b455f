#include "harness/report/statistics_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/report/plain_text.h"

namespace assay::report {
namespace {

using Json = nlohmann::ordered_json;

std::string number(double value) { return fmt::format("{:.1f}", value); }
std::string number(const std::optional<double>& value) { return value ? fmt::format("{:+.1f}", *value) : "-"; }
std::string named(const std::string& name) { return name.empty() ? "?" : name; }

Grid table_1(const LevelTable& table) {
    Grid grid{"Table 1: A% and pass by level",
              {"configuration", "level", "tasks", "A%", "raw A%", "pass@1", "pass@3", "pass^3", "raw pass@1"},
              {}};
    for (const auto& [configuration, levels] : table) {
        for (const auto& [level, cell] : levels)
            grid.rows.push_back({named(configuration), fmt::format("L{}", level), std::to_string(cell.tasks),
                                 number(cell.strict), number(cell.raw), number(cell.pass_at_1), number(cell.pass_at_3),
                                 number(cell.pass_all_3), number(cell.raw_pass_at_1)});
        grid.rows.push_back({named(configuration), "L3-L0", "", number(decay(levels, false)),
                             number(decay(levels, true)), "", "", "", ""});
    }
    return grid;
}

Grid table_2a(const std::vector<TaskStatistics>& tasks) {
    Grid grid{"Table 2a: marginal effect of a constraint on A%", {"constraint", "mean", "std", "SEM", "pairs"}, {}};
    for (const auto& [constraint, sample] : marginal_effects(tasks))
        grid.rows.push_back({constraint, number(std::optional(sample.mean)), number(sample.deviation),
                             number(sample.error()), std::to_string(sample.n)});
    return grid;
}

Grid table_3(const std::vector<FrameworkRow>& board) {
    Grid grid{"Table 3: frameworks", {"framework", "A%", "pass@1", "runs", "standard error"}, {}};
    for (const auto& row : board)
        grid.rows.push_back({named(row.framework), number(row.strict), number(row.pass_at_1),
                             std::to_string(row.runs.n), number(row.runs.error())});
    return grid;
}

Grid impact_grid(const VerifierImpact& impact) {
    return {"Verifier impact",
            {"what", "value"},
            {{"largest raw - strict", number(impact.largest_difference)},
             {"constrained runs", std::to_string(impact.constrained)},
             {"of these, breaking a rule", std::to_string(impact.violating)},
             {"of these, passing the tests", std::to_string(impact.passing)},
             {"of the passing, rejected", std::to_string(impact.rejected)}}};
}

Json sample_json(const Sample& sample) {
    return {{"n", sample.n}, {"mean", sample.mean}, {"std", sample.deviation}, {"sem", sample.error()}};
}

std::string latex_text(const std::string& text) {
    std::string out;
    for (const char c : valid_utf8(text)) {
        if (std::string_view("&%$#_{}").find(c) != std::string_view::npos)
            out.append("\\").append(1, c);
        else if (c == '\\')
            out += "\\textbackslash{}";
        else if (c == '^' || c == '~')
            out.append("\\").append(1, c).append("{}");
        else
            out += c;
    }
    return out;
}

}  // namespace

std::vector<Grid> Statistics::grids() const {
    const auto tasks = by_task(rows);
    const auto table = level_table(tasks);
    return {table_1(table), table_2a(tasks), table_3(leaderboard(tasks, rows)),
            impact_grid(verifier_impact(rows, table))};
}

std::string text_of(const std::vector<Grid>& grids) {
    std::string text;
    for (const Grid& grid : grids) {
        if (!text.empty()) text += "\n";
        text += grid.title + "\n";
        std::vector<std::size_t> widths;
        for (std::size_t i = 0; i < grid.columns.size(); ++i) {
            widths.push_back(grid.columns[i].size());
            for (const auto& row : grid.rows) widths[i] = std::max(widths[i], terminal_text(row[i], false).size());
        }
        const auto line = [&](const std::vector<std::string>& cells) {
            std::string out;
            for (std::size_t i = 0; i < cells.size(); ++i)
                out += i == 0 ? fmt::format("  {:<{}}", terminal_text(cells[i], false), widths[i])
                              : fmt::format("  {:>{}}", terminal_text(cells[i], false), widths[i]);
            return out.substr(0, out.find_last_not_of(' ') + 1) + "\n";
        };
        text += line(grid.columns);
        for (const auto& row : grid.rows) text += line(row);
    }
    return text;
}

std::string csv_of(const std::vector<Grid>& grids) {
    std::string csv;
    const auto line = [&csv](const std::string& title, const std::vector<std::string>& cells) {
        const auto add = [&csv](const std::string& cell) {
            if (cell.find_first_of(",\"\n\r") == std::string::npos) return void(csv += cell);
            csv += '"';
            for (const char c : cell) csv.append(c == '"' ? 2 : 1, c);
            csv += '"';
        };
        add(title);
        for (const auto& cell : cells) csv += ',', add(cell);
        csv += "\r\n";
    };
    for (const Grid& grid : grids) {
        line("table", grid.columns);
        for (const auto& row : grid.rows) line(grid.title, row);
    }
    return csv;
}

std::string latex_of(const std::vector<Grid>& grids) {
    std::string latex;
    for (const Grid& grid : grids) {
        latex += fmt::format("% {}\n\\begin{{tabular}}{{l{}}}\n\\toprule\n", latex_text(grid.title),
                             std::string(grid.columns.size() - 1, 'r'));
        const auto line = [&latex](const std::vector<std::string>& cells) {
            for (std::size_t i = 0; i < cells.size(); ++i) latex += (i == 0 ? "" : " & ") + latex_text(cells[i]);
            latex += " \\\\\n";
        };
        line(grid.columns);
        latex += "\\midrule\n";
        for (const auto& row : grid.rows) line(row);
        latex += "\\bottomrule\n\\end{tabular}\n\n";
    }
    return latex;
}

Json json_of(const Statistics& statistics) {
    const auto tasks = by_task(statistics.rows);
    const auto table = level_table(tasks);
    const auto impact = verifier_impact(statistics.rows, table);
    Json out = {{"runs", statistics.rows.size()}, {"faults", statistics.faults}};
    for (const auto& task : tasks)
        out["tasks"].push_back({{"configuration", task.configuration},
                                {"task", task.task},
                                {"runs", task.runs},
                                {"succeeded", task.succeeded},
                                {"raw", sample_json(task.raw)},
                                {"strict", sample_json(task.strict)},
                                {"pass_at_1", task.pass_at_1()},
                                {"pass_at_3", pass_at(3, task.runs, task.succeeded)},
                                {"pass_all_1", pass_all(1, task.runs, task.succeeded)},
                                {"pass_all_3", pass_all(3, task.runs, task.succeeded)}});
    for (const auto& [configuration, levels] : table) {
        for (const auto& [level, cell] : levels)
            out["levels"].push_back({{"configuration", configuration},
                                     {"level", level},
                                     {"tasks", cell.tasks},
                                     {"strict", cell.strict},
                                     {"raw", cell.raw},
                                     {"pass_at_1", cell.pass_at_1},
                                     {"raw_pass_at_1", cell.raw_pass_at_1}});
        if (const auto fall = decay(levels, false))
            out["decay"].push_back(
                {{"configuration", configuration}, {"strict", *fall}, {"raw", *decay(levels, true)}});
    }
    for (const auto& [constraint, sample] : marginal_effects(tasks))
        out["marginal_effects"][constraint] = sample_json(sample);
    for (const auto& row : leaderboard(tasks, statistics.rows))
        out["frameworks"].push_back({{"framework", row.framework},
                                     {"strict", row.strict},
                                     {"pass_at_1", row.pass_at_1},
                                     {"runs", sample_json(row.runs)}});
    out["verifiers"] = {{"largest_difference", impact.largest_difference},
                        {"constrained", impact.constrained},
                        {"violating", impact.violating},
                        {"passing", impact.passing},
                        {"rejected", impact.rejected}};
    return out;
}

}  // namespace assay::report

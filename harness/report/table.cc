#include "harness/report/table.h"

#include <fmt/format.h>

namespace assay::report {

void Table::add(const collect::Record& record) {
    Group& group = groups_[{record.framework, record.level}];
    group.row.framework = record.framework;
    group.row.level = record.level;
    // The same task of another agent or model is another task to the means.
    std::string task = record.task;
    for (const char* label : {"agent", "model"})
        if (auto found = record.labels.find(label); found != record.labels.end()) task += "\n" + found->second;
    for (Group* each : {&group, &total_}) {
        ++each->row.submissions;
        const collect::Verdict* verdict = record.verdict();
        if (verdict == nullptr) {
            ++each->row.faults;
            continue;
        }
        each->row.counts += verdict->counts;
        each->row.succeeded += verdict->succeeded() ? 1 : 0;
        TaskRuns& runs = each->tasks[task];
        ++runs.runs;
        runs.succeeded += verdict->succeeded() ? 1 : 0;
        runs.strict_sum += verdict->strict_score();
        runs.raw_sum += verdict->raw_score();
    }
}

Row Table::finish(const Group& group) {
    Row row = group.row;
    const auto tasks = static_cast<double>(group.tasks.size());
    for (const auto& [name, runs] : group.tasks) {
        const auto n = static_cast<double>(runs.runs);
        row.strict += 100 * runs.strict_sum / n / tasks;
        row.raw += 100 * runs.raw_sum / n / tasks;
        row.pass_at_1 += 100 * static_cast<double>(runs.succeeded) / n / tasks;
    }
    return row;
}

std::vector<Row> Table::rows() const {
    std::vector<Row> rows;
    for (const auto& [key, group] : groups_) rows.push_back(finish(group));
    rows.push_back(finish(total_));
    return rows;
}

std::uint64_t Table::submissions() const { return total_.row.submissions; }
std::uint64_t Table::faults() const { return total_.row.faults; }

std::string Table::text() const {
    std::string text = fmt::format("{:<12} {:>5} {:>11} {:>17} {:>7} {:>7} {:>7} {:>7}\n", "framework", "level",
                                   "submissions", "assertions", "A%", "raw A%", "pass@1", "faults");
    const std::string line(text.size() - 1, '-');
    text += line + "\n";
    const std::vector<Row> rows = this->rows();
    for (std::size_t index = 0; index < rows.size(); ++index) {
        const Row& row = rows[index];
        const bool total = index + 1 == rows.size();
        if (total) text += line + "\n";
        const std::string name = total ? "all" : row.framework.empty() ? "?" : row.framework;
        const std::string level = total ? "" : row.level < 0 ? "?" : fmt::format("L{}", row.level);
        const std::string assertions = fmt::format("{}/{}", row.counts.passed, row.counts.total);
        const bool judged = row.submissions > row.faults;
        auto percent = [&](double value) { return judged ? fmt::format("{:.1f}", value) : std::string("-"); };
        text += fmt::format("{:<12} {:>5} {:>11} {:>17} {:>7} {:>7} {:>7} {:>7}\n", name, level, row.submissions,
                            assertions, percent(row.strict), percent(row.raw), percent(row.pass_at_1), row.faults);
    }
    return text;
}

}  // namespace assay::report

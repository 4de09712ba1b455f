// assay report: the study's tables over the results of run folders, and one run as files for other programs.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "harness/collect/collector.h"
#include "harness/collect/journal.h"
#include "harness/report/batch_report.h"
#include "harness/report/statistics_text.h"
#include "tools/assay/commands.h"

namespace assay::tools {

namespace {

struct ReportOptions {
    std::vector<std::string> folders;
    std::string format = "text";
    std::vector<std::string> reports;
};

// Of one run: ids of two could be the same.
Result<void> write_files(const ReportOptions& given) {
    if (given.folders.size() != 1)
        return fail("--report", "more than one run folder", "make one of them first: assay merge DIR... --into DIR");
    ASSAY_TRY(const auto orders, report::read_orders(given.reports, given.folders.front()));
    ASSAY_TRY(const collect::Journal journal, collect::Journal::open(given.folders.front()));
    return report::write_reports(journal, orders, ASSAY_VERSION);
}

Result<void> print_tables(const ReportOptions& given) {
    report::Statistics statistics;
    for (const auto& folder : given.folders) {
        ASSAY_TRY(const auto lines, collect::read_results(folder));
        for (const auto& [id, line] : collect::last_of_each(lines)) {
            if (auto row = report::row_of(line))
                statistics.rows.push_back(std::move(*row));
            else
                ++statistics.faults;
        }
    }
    if (given.format == "json") {
        fmt::print("{}\n", report::json_of(statistics).dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
    } else if (given.format == "csv") {
        fmt::print("{}", report::csv_of(statistics.grids()));
    } else if (given.format == "latex") {
        fmt::print("{}", report::latex_of(statistics.grids()));
    } else {
        fmt::print("{}\n{} runs with a verdict, {} faults\n", report::text_of(statistics.grids()),
                   statistics.rows.size(), statistics.faults);
    }
    return {};
}

}  // namespace

void add_report(CLI::App& app, int& exit_code) {
    auto given = std::make_shared<ReportOptions>();
    CLI::App* command =
        app.add_subcommand("report", "The study's tables over run folders, or one run in a format of the field");
    command->add_option("DIR", given->folders, "Run folders")->required()->check(CLI::ExistingDirectory);
    command->add_option("--format", given->format, "Output")
        ->check(CLI::IsMember({"text", "json", "csv", "latex"}))
        ->capture_default_str();
    command
        ->add_option("--report", given->reports, "Write FORMAT or FORMAT=FILE, - is stdout: " + report::format_names())
        ->delimiter(',')
        ->allow_extra_args(false);
    command->callback([given, &exit_code] {
        const auto done = given->reports.empty() ? print_tables(*given) : write_files(*given);
        if (!done) fmt::print(stderr, "assay: {}\n", done.error().to_string());
        exit_code = done ? 0 : 2;
    });
}

}  // namespace assay::tools

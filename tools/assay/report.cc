// assay report: the study's tables over the results of run folders.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "harness/collect/collector.h"
#include "harness/report/statistics_text.h"
#include "tools/assay/commands.h"

namespace assay::tools {

namespace {

struct ReportOptions {
    std::vector<std::string> folders;
    std::string format = "text";
};

Result<void> print_report(const ReportOptions& given) {
    report::Statistics statistics;
    for (const auto& folder : given.folders) {
        ASSAY_TRY(const auto lines, collect::read_results(folder));
        for (const auto& line : lines) {
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
    CLI::App* command = app.add_subcommand("report", "The study's tables over one or more run folders");
    command->add_option("DIR", given->folders, "Run folders")->required()->check(CLI::ExistingDirectory);
    command->add_option("--format", given->format, "Output")
        ->check(CLI::IsMember({"text", "json", "csv", "latex"}))
        ->capture_default_str();
    command->callback([given, &exit_code] {
        const auto done = print_report(*given);
        if (!done) fmt::print(stderr, "assay: {}\n", done.error().to_string());
        exit_code = done ? 0 : 2;
    });
}

}  // namespace assay::tools

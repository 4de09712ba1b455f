// assay merge: run folders of shards become one.

#include <fmt/format.h>

#include <map>

#include "harness/collect/journal.h"
#include "harness/collect/merge.h"
#include "harness/report/batch_report.h"
#include "harness/report/gate.h"
#include "tools/assay/commands.h"

namespace assay::tools {

namespace {

struct MergeOptions {
    std::vector<std::string> folders;
    std::string into;
    std::string keep = "none";
    std::vector<std::string> gates;
};

const std::map<std::string, collect::Keep> kKeep = {
    {"none", collect::Keep::neither}, {"first", collect::Keep::first}, {"last", collect::Keep::last}};

Result<int> merge(const MergeOptions& options) {
    ASSAY_TRY(const auto gates, report::read_gates(options.gates));
    ASSAY_TRY(const auto merged, collect::merge_runs(options.folders, options.into, kKeep.at(options.keep)));
    ASSAY_TRY(const auto journal, collect::Journal::open(options.into));
    ASSAY_TRY(const report::Table table, report::table_of(journal));
    fmt::print("{}\n{} submissions of {} runs; results in {}\n", table.text(), table.submissions(),
               options.folders.size(), options.into);
    if (merged.identical > 0)
        fmt::print("{} submissions stood in two folders with the same outcome\n", merged.identical);
    for (const auto& sentence : merged.missing) fmt::print(stderr, "assay: incomplete: {}\n", sentence);
    const auto unmet = report::unmet(gates, table);
    for (const std::string& gate : unmet) fmt::print(stderr, "assay: gate not met: {}\n", gate);
    return !merged.missing.empty() ? 75 : unmet.empty() ? 0 : 1;
}

}  // namespace

void add_merge(CLI::App& app, int& exit_code) {
    auto options = std::make_shared<MergeOptions>();
    CLI::App* command = app.add_subcommand("merge", "Make one run folder of those of shards");
    command->add_option("DIR", options->folders, "Run folders")->required()->check(CLI::ExistingDirectory);
    command->add_option("-o,--into", options->into, "The new run folder")->required();
    command->add_option("--keep", options->keep, "Of a submission with different outcomes in two folders")
        ->check(CLI::IsMember({"none", "first", "last"}))
        ->capture_default_str();
    command->add_option("--gate", options->gates, "Exit 1 when it is not met, as pass@1>=80")->allow_extra_args(false);
    command->callback([options, &exit_code] {
        const auto done = merge(*options);
        if (!done) fmt::print(stderr, "assay: {}\n", done.error().to_string());
        exit_code = done ? *done : 2;
    });
}

}  // namespace assay::tools

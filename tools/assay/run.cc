// assay run: the main job.

#include <fmt/format.h>

#include "harness/report/batch_report.h"
#include "tools/assay/batch_run.h"
#include "tools/assay/commands.h"

namespace assay::tools {

namespace {

// With the journal on stdout the table goes to stderr.
int print(const BatchSummary& summary, std::FILE* out) {
    const auto count = summary.table.submissions();
    fmt::print(out, "{}\n", summary.table.text());
    fmt::print(out, "{} submissions in {:.1f} s, {:.2f} submissions/s; results in {}\n", count, summary.seconds,
               static_cast<double>(count) / summary.seconds, summary.folder);
    if (summary.done_before > 0) fmt::print(out, "{} submissions had a verdict before\n", summary.done_before);
    if (!summary.streamed)
        fmt::print(stderr, "assay: {}; {}/events.ndjson has everything\n", summary.streamed.error().to_string(),
                   summary.folder);
    if (!summary.written) {
        fmt::print(stderr, "assay: {}\n", summary.written.error().to_string());
        return 75;
    }
    for (const auto& gate : summary.unmet) fmt::print(stderr, "assay: gate not met: {}\n", gate);
    return summary.unmet.empty() ? 0 : 1;
}

}  // namespace

void add_run(CLI::App& app, int& exit_code) {
    auto options = std::make_shared<BatchOptions>();
    CLI::App* run = app.add_subcommand("run", "Evaluate a batch: launch, test, verify and score every submission");
    run->add_option("BATCH", options->batch, "Folder of submissions, JSON-lines file, or the paper's result tree")
        ->required();
    add_evaluation_options(*run, *options, "Folder of task files, for a result tree");
    run->add_option("--filter", options->filter, "Only submissions whose id matches this glob");
    run->add_option("--repeat", options->repeat, "Evaluate every submission this many times")
        ->check(CLI::Range(1, 100000))
        ->capture_default_str();
    run->add_option("--shard", options->shard, "Only this part of the batch: I/N, or auto in an array job");
    run->add_option("--gate", options->gates, "Exit 1 when it is not met, as pass@1>=80")->allow_extra_args(false);
    run->add_option("--report", options->reports, "Write FORMAT or FORMAT=FILE: " + report::format_names())
        ->delimiter(',')
        ->allow_extra_args(false);
    run->add_option("--stream", options->stream, "Write every event as it happens: a file, a named pipe, - for stdout");
    run->add_option("--progress", options->progress, "Display on stderr")
        ->check(CLI::IsMember({"auto", "tty", "plain", "json", "none"}))
        ->capture_default_str();
    run->callback([options, &exit_code] {
        auto summary = run_batch(*options);
        if (!summary) fmt::print(stderr, "assay: {}\n", summary.error().to_string());
        exit_code = summary ? print(*summary, options->stream == "-" ? stderr : stdout) : 2;
    });
}

}  // namespace assay::tools

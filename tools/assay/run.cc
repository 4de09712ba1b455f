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
    run->add_option("-o,--output", options->output, "Run folder (default: one below the state folder)");
    run->add_option("--jobs", options->jobs, "Submissions in work at once: auto or a number")->capture_default_str();
    run->add_option("--filter", options->filter, "Only submissions whose id matches this glob");
    run->add_option("--repeat", options->repeat, "Evaluate every submission this many times")
        ->check(CLI::Range(1, 100000))
        ->capture_default_str();
    run->add_flag("--resume", options->resume, "Continue the run in -o: what has a verdict is not run again");
    add_batch_input(*run, *options);
    run->add_option("--image", options->image, "Run every submission in this image, instead of its task's");
    run->add_option("--verify", options->verify, "Structural verification")
        ->check(CLI::IsMember({"paper", "off"}))
        ->capture_default_str();
    run->add_option("--timeout-request", options->timeout_request, "Idle time of one request, in ms; 0 = none")
        ->capture_default_str();
    run->add_option("--timeout-script", options->timeout_script, "Time of one script, in ms; 0 = none")
        ->capture_default_str();
    run->add_option("--timeouts-in-a-row", options->timeouts_in_a_row,
                    "After so many the remaining requests fail at once; 0 = never")
        ->capture_default_str();
    run->add_option("--ready-timeout", options->ready_timeout, "Seconds that a server has to become ready")
        ->check(CLI::Range(0.0, 3600.0))
        ->capture_default_str();
    run->add_option("--wall-time", options->wall_time, "Seconds that one server may run; 0 = no limit")
        ->capture_default_str()
        ->check(CLI::Range(0.0, 1e6));
    run->add_option("--memory", options->memory, "Memory of one server; 0 = no limit")->capture_default_str();
    run->add_option("--disk", options->disk, "Bound of one server's writable files")->capture_default_str();
    run->add_option("--output-limit", options->output_limit,
                    "Bytes that one server may write to its standard output and error; 0 = no limit")
        ->type_name("SIZE")
        ->capture_default_str();
    run->add_option("--pids", options->processes, "Processes of one server; 0 = no limit")->capture_default_str();
    run->add_flag("--log-statements", options->statements,
                  "PostgreSQL logs every statement: logs/<submission>/postgres.log");
    run->add_flag("--newman-csv", options->newman_csv, "Write logs/<submission>/newman-run-report.csv");
    run->add_flag("--offline", options->offline, "Build no dependency layer: a missing one is a fault");
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

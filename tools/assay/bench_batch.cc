// assay bench batch: submissions per second, end to end, over copies of a batch.

#include <fmt/format.h>
#include <sys/resource.h>

#include <nlohmann/json.hpp>

#include "base/fd.h"
#include "harness/collect/collector.h"
#include "tools/assay/batch_run.h"
#include "tools/assay/bench_scratch.h"
#include "tools/assay/commands.h"

namespace assay::tools {

namespace {

struct Options {
    BatchOptions batch;
    std::string json;
};

double cpu_seconds(int who) {
    rusage usage{};
    ::getrusage(who, &usage);
    auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// The server side of the figures comes from the records: kernel accounting of every sandbox.
double server_cpu_seconds(const std::vector<nlohmann::json>& lines) {
    double microseconds = 0;
    for (const auto& line : lines) {
        const auto server = line.value("/usage/server"_json_pointer, nlohmann::json::object());
        microseconds += server.value("cpu_user_us", 0.0) + server.value("cpu_system_us", 0.0);
    }
    return microseconds / 1e6;
}

Result<nlohmann::json> measure(const Options& options) {
    BatchOptions batch = options.batch;
    const ScratchRun scratch;
    if (scratch.folder().empty())
        return fail_errno(errno, "make scratch folder", "", "set TMPDIR to a writable folder");
    batch.output = scratch.folder();
    batch.progress = "none";
    const double before = cpu_seconds(RUSAGE_SELF);
    ASSAY_TRY(BatchSummary summary, run_batch(batch));
    const double harness = cpu_seconds(RUSAGE_SELF) - before;
    if (!summary.written) return tl::unexpected(summary.written.error());
    ASSAY_TRY(const auto lines, collect::read_results(summary.folder));
    rusage self{};
    ::getrusage(RUSAGE_SELF, &self);
    const auto count = static_cast<double>(summary.table.submissions());
    return nlohmann::json{{"bench", "batch"},
                          {"submissions", summary.table.submissions()},
                          {"faults", summary.table.faults()},
                          {"jobs", batch.jobs},
                          {"seconds", summary.seconds},
                          {"submissions_per_second", count / summary.seconds},
                          {"harness_cpu_ms_per_submission", 1000 * harness / count},
                          {"server_cpu_ms_per_submission", 1000 * server_cpu_seconds(lines) / count},
                          {"harness_peak_rss_kib", self.ru_maxrss}};
}

int report(const Options& options) {
    auto figures = measure(options);
    if (!figures) {
        fmt::print(stderr, "assay: {}\n", figures.error().to_string());
        return 2;
    }
    const auto& all = *figures;
    fmt::print("{} submissions in {:.1f} s: {:.2f}/s, {} faults\n", all["submissions"].get<std::uint64_t>(),
               all["seconds"].get<double>(), all["submissions_per_second"].get<double>(),
               all["faults"].get<std::uint64_t>());
    fmt::print("CPU of one submission: harness {:.1f} ms, server {:.0f} ms; peak memory of the harness {:.0f} MiB\n",
               all["harness_cpu_ms_per_submission"].get<double>(), all["server_cpu_ms_per_submission"].get<double>(),
               all["harness_peak_rss_kib"].get<double>() / 1024);
    if (options.json.empty()) return 0;
    if (auto written = replace_file(options.json, all.dump(2) + "\n"); !written) {
        fmt::print(stderr, "assay: {}\n", written.error().to_string());
        return 2;
    }
    return 0;
}

}  // namespace

void add_bench_batch(CLI::App& bench, int& exit_code) {
    auto options = std::make_shared<Options>();
    options->batch.repeat = 4;
    options->batch.timeout_request = 1000;
    options->batch.ready_timeout = 5;
    CLI::App* batch = bench.add_subcommand("batch", "Submissions per second, end to end");
    batch->add_option("BATCH", options->batch.batch, "What to evaluate, as in assay run")->required();
    batch->add_option("--repeat", options->batch.repeat, "Copies of the batch")
        ->check(CLI::Range(1, 10000))
        ->capture_default_str();
    batch->add_option("--jobs", options->batch.jobs, "Submissions in work at once: auto or a number")
        ->capture_default_str();
    batch->add_option("--filter", options->batch.filter, "Only submissions whose id matches this glob");
    batch->add_option("--timeout-request", options->batch.timeout_request, "Idle time of one request, in ms")
        ->capture_default_str();
    batch->add_option("--ready-timeout", options->batch.ready_timeout, "Seconds that a server has to become ready")
        ->capture_default_str();
    batch->add_option("--json", options->json, "Also write the figures to this file");
    batch->callback([options, &exit_code] { exit_code = report(*options); });
}

}  // namespace assay::tools

// assay bench start: launch to first 200 of the servers of a batch, cold and warm, side by side.
//
// The batch is evaluated twice, one submission at a time, by the same code as `assay run`; what is measured stands in
// the records: wall time and the server's CPU from launch to the health check's 200. A first evaluation that is not
// measured builds the layers and templates and fills the page cache.

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/fd.h"
#include "bench/measure.h"
#include "harness/collect/collector.h"
#include "tools/assay/batch_run.h"
#include "tools/assay/bench_scratch.h"
#include "tools/assay/commands.h"

namespace assay::tools {

namespace {

using nlohmann::json;

struct Options {
    BatchOptions batch;
    std::string json;
};

struct Starts {
    std::vector<double> cpu_ms;
    std::vector<double> wall_ms;
    std::string why_cold;  // of the last one that was to be warm and was not
};

// By framework, then by how it started.
using ByFramework = std::map<std::string, std::map<std::string, Starts>>;

void add(const std::vector<json>& lines, const std::string& start, ByFramework& all) {
    for (const json& line : lines) {
        const json ready = line.value("/usage/phases/ready"_json_pointer, json::object());
        const json server = line.value("server", json::object());
        if (server.value("readiness", "") != "ready" || !ready.contains("cpu_us")) continue;
        Starts& starts = all[line.value("framework", "?")][start];
        if (server.value("start", "") != start) {
            starts.why_cold = server.value("why_cold", "the image has no warm templates");
            continue;
        }
        starts.cpu_ms.push_back(ready.value("cpu_us", 0.0) / 1e3);
        starts.wall_ms.push_back(ready.value("wall_us", 0.0) / 1e3);
    }
}

Result<std::vector<json>> evaluate(const Options& options, const std::string& start, std::uint32_t repeat) {
    const ScratchRun scratch;
    if (scratch.folder().empty())
        return fail_errno(errno, "make scratch folder", "", "set TMPDIR to a writable folder");
    BatchOptions batch = options.batch;
    batch.output = scratch.folder();
    batch.progress = "none";
    batch.jobs = "1";
    batch.start = start;
    batch.repeat = repeat;
    ASSAY_TRY(const BatchSummary summary, run_batch(batch));
    if (!summary.written) return tl::unexpected(summary.written.error());
    return collect::read_results(summary.folder);
}

json to_json(const ByFramework& all) {
    json list = json::array();
    for (const auto& [framework, starts] : all)
        for (const auto& [start, measured] : starts) {
            json entry = {{"framework", framework},
                          {"start", start},
                          {"starts", measured.cpu_ms.size()},
                          {"cpu_ms", bench::median(measured.cpu_ms)},
                          {"wall_ms", bench::median(measured.wall_ms)}};
            if (!measured.why_cold.empty()) entry["why_cold"] = measured.why_cold;
            list.push_back(std::move(entry));
        }
    return {{"bench", "start"}, {"frameworks", std::move(list)}};
}

void print(const ByFramework& all) {
    fmt::print("{:<12} {:>6}  {:>9} {:>9}  {:>9} {:>9}  {:>9}\n", "framework", "starts", "cold CPU", "warm CPU",
               "cold wall", "warm wall", "CPU ratio");
    for (const auto& [framework, starts] : all) {
        const auto find = [&starts = starts](const char* how) {
            const auto found = starts.find(how);
            return found == starts.end() ? Starts() : found->second;
        };
        const Starts cold = find("cold"), warm = find("warm");
        fmt::print("{:<12} {:>6}  {:>6.1f} ms ", framework, cold.cpu_ms.size(), bench::median(cold.cpu_ms));
        if (warm.cpu_ms.empty()) {
            fmt::print("  never warm: {}\n", warm.why_cold);
            continue;
        }
        fmt::print("{:>6.1f} ms  {:>6.1f} ms {:>6.1f} ms  {:>9.1f}\n", bench::median(warm.cpu_ms),
                   bench::median(cold.wall_ms), bench::median(warm.wall_ms),
                   bench::median(cold.cpu_ms) / bench::median(warm.cpu_ms));
    }
}

Result<ByFramework> measure(const Options& options) {
    ASSAY_CHECK(evaluate(options, "warm", 1));
    ByFramework all;
    for (const char* start : {"cold", "warm"}) {
        ASSAY_TRY(const auto lines, evaluate(options, start, options.batch.repeat));
        add(lines, start, all);
    }
    if (all.empty())
        return fail("measure starts", "no server became ready, or this host counts no CPU time while it runs",
                    "`assay doctor` says whether cgroups can be used");
    return all;
}

int report(const Options& options) {
    const auto complain = [](const Error& error) {
        fmt::print(stderr, "assay: {}\n", error.to_string());
        return 2;
    };
    const auto all = measure(options);
    if (!all) return complain(all.error());
    print(*all);
    if (options.json.empty()) return 0;
    const auto written = replace_file(options.json, to_json(*all).dump(2) + "\n");
    return written ? 0 : complain(written.error());
}

}  // namespace

void add_bench_start(CLI::App& bench, int& exit_code) {
    auto options = std::make_shared<Options>();
    options->batch.repeat = 5;
    CLI::App* start = bench.add_subcommand("start", "Launch to first 200 of a batch's servers, cold and warm");
    start->add_option("BATCH", options->batch.batch, "What to evaluate, as in assay run")->required();
    start->add_option("--repeat", options->batch.repeat, "Starts of each server, cold and warm; the median counts")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    start->add_option("--filter", options->batch.filter, "Only submissions whose id matches this glob");
    start->add_option("--json", options->json, "Also write the figures to this file")->type_name("FILE");
    start->callback([options, &exit_code] { exit_code = report(*options); });
}

}  // namespace assay::tools

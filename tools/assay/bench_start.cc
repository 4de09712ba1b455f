// assay bench start: launch to first 200 of the servers of a batch, cold and warm, side by side.
//
// The batch is evaluated twice, one submission at a time, by the same code as `assay run`; what is measured stands in
// the records: wall time and the server's CPU from launch to the health check's 200. A first evaluation that is not
// measured builds the layers and templates and fills the page cache. Nothing is fired at the servers, so what a
// database beside them has used in the end is its start, what the server's own start asked of it, and its end.

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

constexpr const char* kNothing =
    R"({"info": {"name": "nothing", "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"},
        "item": []})";

struct Options {
    BatchOptions batch;
    std::string json;
};

// In milliseconds.
struct Starts {
    std::vector<double> cpu_ms;
    std::vector<double> wall_ms;
    std::vector<double> beside_cpu_ms;    // of the services, from their launch to their end
    std::vector<double> beside_wait_ms;   // of the server for them
    std::vector<double> beside_ready_ms;  // from a service's launch until it was ready, while others start or stop
    std::string why_cold;                 // of the last one that was to be warm and was not
};

// By framework, then by how it started.
using ByFramework = std::map<std::string, std::map<std::string, Starts>>;

// "flask", or "flask, postgres".
std::string kind_of(const json& line) {
    std::string kind = line.value("framework", "?");
    const json services = line.value("/usage/services"_json_pointer, json::object());
    for (const auto& [name, use] : services.items()) kind += ", " + name;
    return kind;
}

void add_services(const json& line, Starts& starts) {
    const json services = line.value("/usage/services"_json_pointer, json::object());
    if (services.empty()) return;
    double cpu = 0;
    for (const auto& [name, use] : services.items()) {
        cpu += use.value("cpu_user_us", 0.0) + use.value("cpu_system_us", 0.0);
        starts.beside_ready_ms.push_back(use.value("ready_after_us", 0.0) / 1e3);
    }
    starts.beside_cpu_ms.push_back(cpu / 1e3);
    starts.beside_wait_ms.push_back(line.value("/usage/phases/services/wall_us"_json_pointer, 0.0) / 1e3);
}

void add(const std::vector<json>& lines, const std::string& start, ByFramework& all) {
    for (const json& line : lines) {
        const json ready = line.value("/usage/phases/ready"_json_pointer, json::object());
        const json server = line.value("server", json::object());
        if (server.value("readiness", "") != "ready" || !ready.contains("cpu_us")) continue;
        Starts& starts = all[kind_of(line)][start];
        if (server.value("start", "") != start) {
            starts.why_cold = server.value("why_cold", "the image has no warm templates");
            continue;
        }
        starts.cpu_ms.push_back(ready.value("cpu_us", 0.0) / 1e3);
        starts.wall_ms.push_back(ready.value("wall_us", 0.0) / 1e3);
        add_services(line, starts);
    }
}

Result<std::vector<json>> evaluate(const Options& options, const std::string& start, std::uint32_t repeat) {
    const ScratchRun scratch;
    if (scratch.folder().empty())
        return fail_errno(errno, "make scratch folder", "", "set TMPDIR to a writable folder");
    BatchOptions batch = options.batch;
    batch.output = scratch.folder();
    batch.suite = scratch.file("nothing.postman_collection.json");
    ASSAY_CHECK(replace_file(batch.suite, kNothing));
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
            if (!measured.beside_cpu_ms.empty())
                entry["services"] = {{"cpu_ms", bench::median(measured.beside_cpu_ms)},
                                     {"wait_ms", bench::median(measured.beside_wait_ms)},
                                     {"ready_ms", bench::median(measured.beside_ready_ms)}};
            list.push_back(std::move(entry));
        }
    return {{"bench", "start"}, {"frameworks", std::move(list)}};
}

std::vector<double> both(std::vector<double> some, const std::vector<double>& others) {
    some.insert(some.end(), others.begin(), others.end());
    return some;
}

// Where nothing was measured "-".
std::string millis(const std::vector<double>& measured) {
    return measured.empty() ? "-" : fmt::format("{:.1f} ms", bench::median(measured));
}

void print(const ByFramework& all) {
    constexpr const char* kRow = "{:<18} {:>6}  {:>9} {:>9}  {:>9} {:>9}  {:>9}  {:>12} {:>9}\n";
    fmt::print(fmt::runtime(kRow), "framework", "starts", "cold CPU", "warm CPU", "cold wall", "warm wall", "CPU ratio",
               "services CPU", "wait");
    for (const auto& [framework, starts] : all) {
        const auto find = [&starts = starts](const char* how) {
            const auto found = starts.find(how);
            return found == starts.end() ? Starts() : found->second;
        };
        const Starts cold = find("cold"), warm = find("warm");
        const std::string ratio =
            warm.cpu_ms.empty() ? "-" : fmt::format("{:.1f}", bench::median(cold.cpu_ms) / bench::median(warm.cpu_ms));
        fmt::print(fmt::runtime(kRow), framework, cold.cpu_ms.size(), millis(cold.cpu_ms), millis(warm.cpu_ms),
                   millis(cold.wall_ms), millis(warm.wall_ms), ratio,
                   millis(both(cold.beside_cpu_ms, warm.beside_cpu_ms)),
                   millis(both(cold.beside_wait_ms, warm.beside_wait_ms)));
        if (warm.cpu_ms.empty()) fmt::print("  never warm: {}\n", warm.why_cold);
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

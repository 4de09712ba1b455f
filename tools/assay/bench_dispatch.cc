// assay bench dispatch: suite runs per second against a canned server, beside a bare client and newman.

#include <fmt/format.h>

#include <filesystem>
#include <thread>

#include "base/fd.h"
#include "bench/dispatch.h"
#include "tools/assay/commands.h"

namespace assay::tools {

namespace {

struct Options {
    bench::DispatchOptions dispatch;
    double seconds = 2;
    bool without_newman = false;
    std::string json;
};

// What is used when the option is not given: the project's own collection and the conformance test's newman, looked
// for from the current folder upwards.
std::string find_upwards(const std::string& path) {
    std::error_code ignored;
    for (auto folder = std::filesystem::current_path(ignored); !folder.empty(); folder = folder.parent_path()) {
        if (std::filesystem::exists(folder / path, ignored)) return (folder / path).string();
        if (folder == folder.root_path()) break;
    }
    return {};
}

Result<void> run(Options options) {
    bench::DispatchOptions& dispatch = options.dispatch;
    if (dispatch.collection.empty()) dispatch.collection = find_upwards("tests/corpus/conduit.postman_collection.json");
    if (dispatch.collection.empty())
        return fail("find a collection", "tests/corpus/conduit.postman_collection.json is not in this folder or above",
                    "give one with --collection");
    if (options.without_newman) {
        dispatch.newman.clear();
    } else if (dispatch.newman.empty()) {
        dispatch.newman = find_upwards("build/conformance/newman/node_modules/.bin/newman");
    }
    if (dispatch.lanes == 0) dispatch.lanes = std::max(1u, std::thread::hardware_concurrency());
    dispatch.span = Millis(static_cast<std::int64_t>(options.seconds * 1000));
    ASSAY_TRY(const auto report, bench::measure_dispatch(dispatch));
    fmt::print("{}", bench::to_text(report));
    if (!options.json.empty()) ASSAY_CHECK(replace_file(options.json, bench::to_json(report).dump(2) + "\n"));
    return {};
}

}  // namespace

void add_bench_dispatch(CLI::App& bench, int& exit_code) {
    CLI::App* command =
        bench.add_subcommand("dispatch", "Suite runs per second against a canned server, and against newman");
    auto options = std::make_shared<Options>();
    command
        ->add_option("--collection", options->dispatch.collection,
                     "Conduit collection (default: the project's own, when found from here upwards)")
        ->check(CLI::ExistingFile);
    command->add_option("--lanes", options->dispatch.lanes, "Measure 1 to this many lanes (default: the processors)");
    command->add_option("--seconds", options->seconds, "Length of each measurement")
        ->check(CLI::Range(0.05, 3600.0))
        ->capture_default_str();
    command->add_option("--newman", options->dispatch.newman,
                        "newman's command (default: that of the conformance test, when it has been installed)");
    command->add_flag("--no-newman", options->without_newman, "Do not measure newman");
    command->add_option("--json", options->json, "Write the figures to this file as well");
    command->callback([options, &exit_code] {
        const auto done = run(*options);
        if (!done) fmt::print(stderr, "assay: {}\n", done.error().to_string());
        exit_code = done ? 0 : 2;
    });
}

}  // namespace assay::tools

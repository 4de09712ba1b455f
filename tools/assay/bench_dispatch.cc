// assay bench dispatch: suite runs per second against a canned server, beside a bare client and newman.

#include <fmt/format.h>

#include <filesystem>

#include "base/fd.h"
#include "bench/at_once.h"
#include "bench/dispatch.h"
#include "tools/assay/commands.h"

namespace assay::tools {

namespace {

struct Options {
    bench::DispatchOptions dispatch;
    double seconds = 2;
    bool without_newman = false;
    bench::AtOnceOptions at_once{.collection = {}, .runs = 0, .delay = Millis(250)};  // 0 runs: the other bench
    std::int64_t delay_ms = 250;
    std::string json;
};

// What `find` gives of the current folder, or else of the nearest one above it that has something.
template <typename Find>
std::string look_upwards(Find find) {
    std::error_code ignored;
    for (auto folder = std::filesystem::current_path(ignored); !folder.empty(); folder = folder.parent_path()) {
        if (std::string found = find(folder); !found.empty()) return found;
        if (folder == folder.root_path()) break;
    }
    return {};
}

// The conformance test's newman, which stands in a folder named after the versions that it locks: the first by name.
std::string newman_in(const std::filesystem::path& folder) {
    std::error_code ignored;
    std::string first;
    for (const auto& entry : std::filesystem::directory_iterator(folder / "build/conformance", ignored)) {
        const auto program = entry.path() / "node_modules/.bin/newman";
        if (!entry.path().filename().string().starts_with("newman") || !std::filesystem::exists(program, ignored))
            continue;
        if (first.empty() || program.string() < first) first = program.string();
    }
    return first;
}

// The project's own collection.
std::string collection_in(const std::filesystem::path& folder) {
    std::error_code ignored;
    const auto file = folder / "tests/corpus/conduit.postman_collection.json";
    return std::filesystem::exists(file, ignored) ? file.string() : std::string();
}

Result<void> run(Options options) {
    bench::DispatchOptions& dispatch = options.dispatch;
    if (dispatch.collection.empty()) dispatch.collection = look_upwards(collection_in);
    if (dispatch.collection.empty())
        return fail("find a collection", "tests/corpus/conduit.postman_collection.json is not in this folder or above",
                    "give one with --collection");
    if (options.at_once.runs > 0) {
        options.at_once.collection = dispatch.collection;
        options.at_once.delay = Millis(options.delay_ms);
        ASSAY_TRY(const auto report, bench::measure_at_once(options.at_once));
        fmt::print("{}", bench::to_text(report));
        if (!options.json.empty()) ASSAY_CHECK(replace_file(options.json, bench::to_json(report).dump(2) + "\n"));
        return {};
    }
    if (options.without_newman) {
        dispatch.newman.clear();
    } else if (dispatch.newman.empty()) {
        dispatch.newman = look_upwards(newman_in);
    }
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
    command->add_option("--runs-each", options->dispatch.runs_each, "Runs at once on a lane, in the last row")
        ->check(CLI::Range(1u, 10'000u))
        ->capture_default_str();
    command->add_option("--seconds", options->seconds, "Length of each measurement")
        ->check(CLI::Range(0.05, 3600.0))
        ->capture_default_str();
    command->add_option("--newman", options->dispatch.newman,
                        "newman's command (default: that of the conformance test, when it has been installed)");
    command->add_flag("--no-newman", options->without_newman, "Do not measure newman");
    command
        ->add_option("--at-once", options->at_once.runs,
                     "Instead: so many runs at once on one lane against a slow server, their memory and outcomes")
        ->check(CLI::Range(1, 100'000));
    command->add_option("--delay", options->delay_ms, "With --at-once: milliseconds between request and answer")
        ->check(CLI::Range(0, 60'000))
        ->capture_default_str();
    command->add_option("--json", options->json, "Write the figures to this file as well");
    command->callback([options, &exit_code] {
        const auto done = run(*options);
        if (!done) fmt::print(stderr, "assay: {}\n", done.error().to_string());
        exit_code = done ? 0 : 2;
    });
}

}  // namespace assay::tools

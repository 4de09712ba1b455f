// `assay bench launch`: what a launch costs on this machine.

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "base/fd.h"
#include "bench/launch.h"
#include "tools/assay/commands.h"
#include "tools/assay/environment.h"

namespace assay::tools {
namespace {

struct Options {
    unsigned launches = 500;
    unsigned rounds = 3;
    std::string json;
};

int run(const Options& options) {
    auto complain = [](const Error& error) {
        std::cerr << "assay bench launch: " << error.to_string() << "\n";
        return 70;
    };
    auto launcher = launcher_program();
    if (!launcher) return complain(launcher.error());
    bench::LaunchBenchOptions how;
    how.launcher = *launcher;
    how.noop = launcher->substr(0, launcher->rfind('/') + 1) + "assay-noop";
    how.launches = options.launches;
    how.rounds = options.rounds;
    if (::access(how.noop.c_str(), X_OK) != 0)
        return complain(Error{"find no-op", errno, how.noop, "build the target assay-noop beside assay-launcher"});
    auto measured = bench::run_launch_bench(how, [](const std::string& name) { std::cerr << name << "\n"; });
    if (!measured) return complain(measured.error());
    std::cout << bench::to_table(*measured);
    if (!options.json.empty()) {
        auto written = replace_file(options.json, bench::to_json(*measured));
        if (!written) return complain(written.error());
    }
    return 0;
}

}  // namespace

void add_bench_launch(CLI::App& bench, int& exit_code) {
    CLI::App* command = bench.add_subcommand("launch", "Cost of launching and ending a sandbox, step by step");
    auto options = std::make_shared<Options>();
    command->add_option("--launches", options->launches, "Launches of each rung and round")
        ->check(CLI::Range(20, 100000))
        ->capture_default_str();
    command->add_option("--rounds", options->rounds, "Rounds; the median counts")
        ->check(CLI::Range(1, 100))
        ->capture_default_str();
    command->add_option("--json", options->json, "Write the figures to this file")->type_name("FILE");
    command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace assay::tools

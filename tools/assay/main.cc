// Composition root of the program: declares the subcommands, reads configuration, maps errors to exit codes.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>

#include "tools/assay/commands.h"
#include "tools/assay/environment.h"

namespace {

// Every long option of a subcommand can be set as ASSAY_<NAME>, dashes as underscores. Flag > environment > file.
void read_environment(CLI::App& app) {
    for (CLI::Option* option : app.get_options()) {
        const std::string name = option->get_single_name();
        if (option->get_lnames().empty() || name == "help" || name == "version" || name == "config") continue;
        std::string variable = "ASSAY_";
        for (char c : name) variable += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        option->envname(variable);
    }
    for (CLI::App* sub : app.get_subcommands({})) read_environment(*sub);
}

bool known(const CLI::App& app, const std::string& command) {
    const auto all = app.get_subcommands([](const CLI::App*) { return true; });
    return std::any_of(all.begin(), all.end(), [&](const CLI::App* each) { return each->get_name() == command; });
}

int run(int argc, char** argv) {
    CLI::App app("Evaluates batches of generated backend servers: sandboxed, in parallel, assertion by assertion.",
                 "assay");
    app.set_version_flag("--version", std::string("assay ") + ASSAY_VERSION);
    app.require_subcommand(1);
    int exit_code = 0;
    using namespace assay::tools;
    add_run(app, exit_code);
    add_serve(app, exit_code);
    add_report(app, exit_code);
    add_merge(app, exit_code);
    add_verify(app, exit_code);
    add_sandbox(app, exit_code);
    add_image(app, exit_code);
    add_suite(app, exit_code);
    add_bench(app, exit_code);
    add_doctor(app, exit_code);
    read_environment(app);
    app.set_config("--config", find_config(), "Read options from this TOML file", false);
    if (argc > 1 && argv[1][0] != '-' && !known(app, argv[1])) {
        fmt::print(stderr, "assay: there is no command \"{}\" (assay --help lists them)\n", argv[1]);
        return 2;
    }
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& success) {
        return app.exit(success);
    } catch (const CLI::ParseError& error) {
        app.exit(error);
        return 2;
    }
    return exit_code;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        fmt::print(stderr, "assay: internal error: {}\n", error.what());
        return 70;
    }
}

#include <CLI/CLI.hpp>

#include "tools/assay/commands.h"

int main(int argc, char** argv) {
    CLI::App app{"assay"};
    app.set_version_flag("--version", ASSAY_VERSION);
    app.require_subcommand(1);
    int exit_code = 0;
    assay::tools::add_sandbox(app, exit_code);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    return exit_code;
}

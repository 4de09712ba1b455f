// The subcommands of assay, one file each; every function adds one to `app` and sets `exit_code` when it has run.
#pragma once

namespace CLI {
class App;
}

namespace assay::tools {

void add_sandbox(CLI::App& app, int& exit_code);

}  // namespace assay::tools

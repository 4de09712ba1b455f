// assay bench: measures this machine with this program, so that two machines or two versions can be compared.

#include "tools/assay/commands.h"

namespace assay::tools {

void add_bench(CLI::App& app, int& exit_code) {
    CLI::App* bench = app.add_subcommand("bench", "Measure the harness on this machine");
    bench->require_subcommand(1);
    add_bench_launch(*bench, exit_code);
    add_bench_dispatch(*bench, exit_code);
    add_bench_batch(*bench, exit_code);
    add_bench_start(*bench, exit_code);
}

}  // namespace assay::tools

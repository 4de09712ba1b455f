// The command line, a file a subcommand. Only this floor reads argv and the environment.
//
// add_<name> declares the subcommand on `app` and sets `exit_code` when its callback has run: 0 done, 1 a gate
// or an assertion failed where the command says so, 2 usage or configuration, 70 internal error, 75 incomplete
// (--resume goes on), 130 interrupted.
#pragma once

#include <CLI/CLI.hpp>

namespace assay::tools {

void add_run(CLI::App& app, int& exit_code);
void add_serve(CLI::App& app, int& exit_code);
void add_suite(CLI::App& app, int& exit_code);
void add_report(CLI::App& app, int& exit_code);
void add_merge(CLI::App& app, int& exit_code);
void add_verify(CLI::App& app, int& exit_code);
void add_sandbox(CLI::App& app, int& exit_code);
void add_image(CLI::App& app, int& exit_code);
void add_doctor(CLI::App& app, int& exit_code);
void add_bench(CLI::App& app, int& exit_code);
void add_bench_launch(CLI::App& bench, int& exit_code);
void add_bench_dispatch(CLI::App& bench, int& exit_code);
void add_bench_batch(CLI::App& bench, int& exit_code);
void add_bench_start(CLI::App& bench, int& exit_code);

}  // namespace assay::tools

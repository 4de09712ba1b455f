// Which submissions a command is about: the options that `assay run`, `assay serve` and `assay image build --from` have
// in common.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "base/result.h"
#include "harness/batch/submission.h"
#include "images/repositories.h"

namespace assay::tools {

struct BatchInput {
    std::string batch;
    std::string suite;           // instead of each task's own
    std::string tasks;           // folder of a result tree's task files
    std::string image;           // instead of each task's; empty: the task's
    std::string repositories;    // folder of local mirrors, for feature tasks
    std::string start = "warm";  // or "cold"

    [[nodiscard]] bool warm() const { return start == "warm"; }
};

// --suite, --tasks, --repositories and --start. `only` stands before each one's help: "With --from: ". `tasks` is the
// help of --tasks.
void add_batch_input(CLI::App& command, BatchInput& input, const std::string& only, const std::string& tasks);

// Where feature tasks find their repositories' commits.
images::Repositories repositories_of(const BatchInput& input);

// Its submissions, with the trees that their tasks' commits stand for. An error is about the batch as a whole.
Result<batch::Batch> read_input(const BatchInput& input);

}  // namespace assay::tools

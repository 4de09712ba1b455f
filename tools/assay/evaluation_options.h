// How submissions are evaluated: the options that `assay run` and `assay serve` have in common, and what they mean.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "harness/evaluate.h"
#include "tools/assay/batch_input.h"

namespace assay::tools {

// As given on the command line.
struct EvaluationOptions : BatchInput {
    std::string output;  // the run folder
    bool resume = false;
    std::string jobs = "auto";
    std::string verify = "paper";
    std::string memory = "1G";
    std::string disk = "256M";
    std::string output_limit = "1G";
    std::uint32_t processes = 256;
    std::uint64_t timeout_request = 10000;
    std::uint64_t timeout_script = 5000;
    std::uint32_t timeouts_in_a_row = 3;
    double ready_timeout = 25;
    double wall_time = 600;  // of one server, in seconds; 0 = no limit
    bool statements = false;
    bool newman_csv = false;
    bool offline = false;
};

// All of them but the batch itself. `tasks` is the help of --tasks.
void add_evaluation_options(CLI::App& command, EvaluationOptions& options, const std::string& tasks);

Result<harness::Policy> read_policy(const EvaluationOptions& options);

// Of --jobs. `services` are those that may stand beside one server, by the most that they need together.
Result<runtime::Capacity> read_jobs(const std::string& jobs, Bytes services);

// The run folder: the one that was named, else a new one below the state folder.
std::string run_folder(const EvaluationOptions& options);

// What a manifest says of them, and of this machine.
nlohmann::json describe(const EvaluationOptions& options);

// Those that are built in, by name.
Result<harness::ServiceRecipes> service_recipes();

// Runs the submissions in this image, instead of their tasks'. Tasks that are shared stay so.
void put_in_image(std::vector<batch::Submission>& submissions, const std::string& image);

}  // namespace assay::tools

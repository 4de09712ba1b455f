// What a sandbox executes to start a server: the task's commands in a shell, as the study's containers run them, or the
// script itself where a shell would only execute it in its own place.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace assay::harness {

struct StartCommand {
    std::vector<std::string> argv;
    std::vector<std::pair<std::string, std::string>> env;  // to be added: what the shell would have exported
};

// `setup`: set-up commands that run before the server; `run`: the task's own. `directory`: the work tree, unlaunched,
// which becomes `work_dir` in the sandbox. Never fails: whatever is not plain is left to the shell.
StartCommand start_command(const std::vector<std::string>& setup, const std::vector<std::string>& run, int directory,
                           const std::string& work_dir);

}  // namespace assay::harness

// What a sandbox executes to start a server: the task's commands in a shell, as the study's containers run them; the
// script itself where a shell would only execute it in its own place; what the script executes where it does no more.
#pragma once

#include <string>
#include <vector>

#include "harness/start_script.h"
#include "runtime/launchers.h"

namespace assay::harness {

struct StartCommand {
    std::vector<std::string> argv;
    Environment env;  // complete
};

struct StartWith {
    const std::vector<std::string>& setup;  // set-up commands that run before the server
    const std::vector<std::string>& run;    // the task's own
    Environment env;                        // the server's
    std::string work_dir;                   // where the work tree is in the sandbox
    bool debian = true;  // bash is Debian's: false leaves what depends on how it exports variables to it
};

// The ways to start it, at least one: the first whose program can be executed counts. The last one's shell says what is
// wrong with a command in its own words. `directory`: the work tree, unlaunched. Never fails: whatever is not plain is
// left to the shell.
std::vector<StartCommand> start_commands(const StartWith& with, int directory);

// Launches `spec` with the first of them that can be executed; the answer is that of the last one tried.
runtime::Task<tl::expected<runtime::Sandbox, runtime::NoLaunch>> launch_first(runtime::LauncherHost& launcher,
                                                                              std::vector<StartCommand> commands,
                                                                              sandbox::Spec& spec,
                                                                              const sandbox::Stdio& stdio,
                                                                              const runtime::OnRefused& on_refused);

}  // namespace assay::harness

// Start scripts that only prepare a program's environment and execute it in their own place: what they come to, without
// the shell. Two processes and a dynamic linker less are a tenth of a warm start.
//
// Pure code over untrusted bytes; docs/decisions/start-scripts.md has the grammar and why it is exact.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace assay::harness {

using Environment = std::vector<std::pair<std::string, std::string>>;

struct ScriptEnd {
    std::vector<std::string> argv;  // argv[0] is a name, to be looked up in PATH
    Environment env;                // complete
};

// `text`: of a script that bash is started with as "./NAME", in the folder `work_dir`, with the variables `env`, of
// which PWD is that folder and SHLVL is there. Nothing: this is for the shell.
std::optional<ScriptEnd> read_start_script(std::string_view text, const Environment& env, const std::string& work_dir);

}  // namespace assay::harness

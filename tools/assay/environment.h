// Where things are, from the environment and the program's own place. Read once, here and nowhere else.
#pragma once

#include <map>
#include <string>

#include "base/result.h"

namespace assay::tools {

// The nearest assay.toml from the working directory upwards, else $XDG_CONFIG_HOME/assay/assay.toml; empty = none.
std::string find_config();

std::string cache_folder();  // $XDG_CACHE_HOME/assay, else ~/.cache/assay
std::string state_folder();  // $XDG_STATE_HOME/assay, else ~/.local/state/assay

std::string default_socket();  // $XDG_RUNTIME_DIR/assay/serve.sock, else serve.sock in the state folder
std::string given_token();     // $ASSAY_TOKEN, or empty

// assay-launcher: $ASSAY_LAUNCHER, else beside the running program.
Result<std::string> launcher_program();

// The whole environment, for those who pass package managers' settings on.
std::map<std::string, std::string> environment();

}  // namespace assay::tools

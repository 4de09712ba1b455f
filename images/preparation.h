// One sandbox of our own, run to its end: how services and warm templates are prepared.
#pragma once

#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "images/recipe.h"
#include "sandbox/launcher.h"

namespace assay::images {

inline constexpr const char* kPreparationMount = "/.assay/building";  // hidden from what runs there

struct Preparation {
    sandbox::RootPlan root;  // completed with `directory` at kPreparationMount, writable
    sandbox::Spec spec;
    std::string directory;  // on the disk of the store; gets tree/, which belongs to the sandbox's user
    sandbox::Launcher::Options launcher;
    std::stop_token stop;
    std::vector<std::pair<std::string, std::string>> files;  // name and bytes, in tree/ from the start
};

// Everything printed goes to `log`, as far as it is kept (1 MiB). Blocks; ends early when stopped, with the launcher.
Result<sandbox::Exit> run_preparation(Preparation preparation, std::string& log);

std::vector<std::string> last_lines_of(const std::string& log);

}  // namespace assay::images

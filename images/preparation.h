// One sandbox of our own, run to its end: how services and warm templates are prepared.
#pragma once

#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "images/failure.h"
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

// The same in a launcher that is there. `no_program`: set when the sandbox was made, but has no such program.
Result<sandbox::Exit> run_in(sandbox::Launcher& launcher, const sandbox::Spec& spec, const std::stop_token& stop,
                             std::string& log, bool* no_program = nullptr);

std::vector<std::string> last_lines_of(const std::string& log);

// A preparation that did not do its work, in the words of who ordered it.
struct PreparationFailed {
    std::string doing;    // "making the warm template": how it ended is put behind
    std::string subject;  // LayerFailure::subject
    std::string log;      // LayerFailure::log
    bool stopped = false;
};
// A fault, from what run_preparation() gave and `printed`.
LayerFailure preparation_failure(PreparationFailed failed, const Result<sandbox::Exit>& exit,
                                 const std::string& printed);

}  // namespace assay::images

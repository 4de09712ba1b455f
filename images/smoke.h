// Whether an image works: one command, run in a sandbox of it, and what came of it the last time.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "images/recipe.h"
#include "sandbox/launcher.h"

namespace assay::images {

struct Smoke {
    bool passed = false;
    std::string command;  // as a shell shows it
    std::string said;     // the last line that it printed, or how it ended
    std::chrono::system_clock::time_point when;
};

// The recipe's own command, else the first of what the image has: python3, node, a shell.
std::vector<std::string> smoke_command(const Recipe& recipe);

// Errors: no sandbox could be made, which says nothing about the image. Blocks for 30 s at most.
Result<Smoke> run_smoke(const Recipe& recipe, const sandbox::Launcher::Options& launcher);

// Kept in the store, by the image's name.
Result<void> keep_smoke(const std::string& store, const std::string& image, const Smoke& smoke);
std::optional<Smoke> last_smoke(const std::string& store, const std::string& image);
void forget_smoke(const std::string& store, const std::string& image);

}  // namespace assay::images

// Warm templates: an interpreter with the modules of a dependency layer imported, kept as a file that a sandbox's
// process continues from instead of starting its own. docs/decisions/warm-templates.md tells how, images/warm/ does it.
#pragma once

#include <map>
#include <stop_token>
#include <string>

#include "images/failure.h"
#include "images/recipe.h"
#include "images/store.h"
#include "sandbox/launcher.h"

namespace assay::images {

struct WarmOrder {
    const Recipe& recipe;    // its `warm` is set
    const Layer& layer;      // the dependencies, in use
    std::string layers_dir;  // Store::layers_dir()
    std::string directory;   // exists, empty, on the disk of the store; gets tree/ and build.log
    sandbox::Launcher::Options launcher;
    std::stop_token stop;
};

// Why there can be none for this recipe on this host; empty = there can be.
std::string no_warm_templates(const Recipe& recipe);

// Makes tree/ with the snapshot and the restorer; or an empty one with the reason returned, when these modules or this
// interpreter cannot be kept: that is so each time. What may be otherwise the next time is a failure, never the
// submission's. Packages' own code runs, in a sandbox as a server's, without a network. Blocks for a second or two.
tl::expected<std::string, LayerFailure> make_warm_template(const WarmOrder& order);

// Key of the template in the store: the layer, the recipe's environment and modules, our programs, kernel and processor
// (addresses of the vDSO and the C library's choices for the processor are part of a snapshot).
std::string warm_key(const Recipe& recipe, const Layer& layer);

inline constexpr const char* kWarmKind = "warm-template";
// Why this layer of kWarmKind holds no template; empty = it does.
std::string warm_refusal(const LayerInfo& info);
LayerInfo warm_info(const Recipe& recipe, const Layer& layer, const std::string& refusal);

}  // namespace assay::images

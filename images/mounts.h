// How images and layers reach a sandbox.
#pragma once

#include <string>

#include "base/result.h"
#include "images/recipe.h"
#include "images/store.h"
#include "sandbox/spec.h"

namespace assay::images {

inline constexpr const char* kLayersMount = "/.assay/layers";  // the store's layers/, in launchers of servers

// The image's root with the store's layers in it (Store::layers_dir()), hidden from submissions: each gets its own
// layer by apply_layer().
Result<sandbox::RootPlan> server_root_plan(const Recipe& recipe, const std::string& layers_dir);

// Completes a Spec: a bind at /usr/local, or a lower directory of the work tree, behind those that are there already
// (the submission's own files win; the prepared state of a service is the only one). Nothing for an empty layer. The
// Layer must live as long as the sandbox.
void apply_layer(const Layer& layer, sandbox::Spec& spec);

}  // namespace assay::images

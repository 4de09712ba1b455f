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
// layer by apply_layer(). Where the recipe has warm templates, the interpreter is there a second time, for what starts
// cold although a restorer stands in its place.
Result<sandbox::RootPlan> server_root_plan(const Recipe& recipe, const std::string& layers_dir);

// Completes a Spec: a bind at /usr/local or kUserBase, or a lower directory of the work tree, behind those that are
// there already (the submission's own files win; the prepared state of a service is the only one). Nothing for an empty
// layer. The Layer must live as long as the sandbox.
void apply_layer(const Layer& layer, sandbox::Spec& spec);

// The same for a warm template (kWarmKind, not a refused one): it and the restorer in the interpreter's place. The
// recipe is the one that server_root_plan() made the launcher's root of.
void apply_warm_template(const Layer& warm, const Recipe& recipe, sandbox::Spec& spec);

// The file behind Warm::interpreter on this host, every symlink followed; the path itself where there is none.
std::string interpreter_file(const Recipe& recipe);

}  // namespace assay::images

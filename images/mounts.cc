#include "images/mounts.h"

#include <filesystem>

#include "images/image_tree.h"
#include "images/warm/snapshot.h"

namespace assay::images {

Result<sandbox::RootPlan> server_root_plan(const Recipe& recipe, const std::string& layers_dir) {
    ASSAY_TRY(sandbox::RootPlan plan, root_plan(recipe));
    sandbox::RootStep step{};
    step.kind = sandbox::RootStep::Kind::bind_ro;
    step.source = layers_dir;
    step.target = kLayersMount;
    plan.steps.push_back(std::move(step));
    if (recipe.warm) {
        sandbox::RootStep interpreter{};
        interpreter.kind = sandbox::RootStep::Kind::bind_ro;
        interpreter.source = interpreter_file(recipe);
        interpreter.target = warm::kInterpreterPath;
        interpreter.optional = true;
        plan.steps.push_back(std::move(interpreter));
        sandbox::RootStep place{};
        place.kind = sandbox::RootStep::Kind::directory;
        place.target = warm::kWarmDir;
        plan.steps.push_back(std::move(place));
    }
    return plan;
}

void apply_layer(const Layer& layer, sandbox::Spec& spec) {
    if (!layer) return;
    std::string tree = std::string(kLayersMount) + "/" + layer.info().key + "/tree";
    if (layer.info().kind == kind_name(LayerKind::python_prefix))
        spec.binds.push_back({std::move(tree), "/usr/local", false});
    else if (layer.info().kind == kind_name(LayerKind::python_user))
        spec.binds.push_back({std::move(tree), kUserBase, false});
    else
        spec.work_tree.lower.push_back(std::move(tree));
}

void apply_warm_template(const Layer& warm, const Recipe& recipe, sandbox::Spec& spec) {
    const std::string tree = std::string(kLayersMount) + "/" + warm.info().key + "/tree";
    spec.binds.push_back({tree, warm::kWarmDir, false});
    spec.binds.push_back({tree + "/" + warm::kRestorerName, interpreter_file(recipe), false});
}

std::string interpreter_file(const Recipe& recipe) {
    std::error_code missing;
    const auto file = std::filesystem::canonical(recipe.warm->interpreter, missing);
    return missing ? recipe.warm->interpreter : file.string();
}

}  // namespace assay::images

#include "images/mounts.h"

namespace assay::images {

Result<sandbox::RootPlan> server_root_plan(const Recipe& recipe, const std::string& layers_dir) {
    ASSAY_TRY(sandbox::RootPlan plan, root_plan(recipe));
    sandbox::RootStep step{};
    step.kind = sandbox::RootStep::Kind::bind_ro;
    step.source = layers_dir;
    step.target = kLayersMount;
    plan.steps.push_back(std::move(step));
    return plan;
}

void apply_layer(const Layer& layer, sandbox::Spec& spec) {
    if (!layer) return;
    std::string tree = std::string(kLayersMount) + "/" + layer.info().key + "/tree";
    if (layer.info().kind == kind_name(LayerKind::python_prefix))
        spec.binds.push_back({std::move(tree), "/usr/local", false});
    else
        spec.work_tree.lower.push_back(std::move(tree));
}

}  // namespace assay::images

#include "images/service_template.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <chrono>

#include "base/fd.h"
#include "images/preparation.h"
#include "images/store.h"

namespace assay::images {
namespace {

constexpr std::chrono::seconds kWallTime{120};

sandbox::Spec make_spec(const TemplateOrder& order) {
    const Service& service = *order.recipe.service;
    sandbox::Spec spec;
    spec.label = order.recipe.name;
    spec.argv = {"/bin/sh", "-c", service.prepare};
    spec.env = order.recipe.env;
    spec.binds.push_back({std::string(kPreparationMount) + "/tree", spec.work_dir, true});
    spec.limits.memory = service.memory;
    spec.limits.processes = service.processes;
    spec.limits.wall_time = kWallTime;
    spec.net = sandbox::Net::fresh;
    spec.sockets = 0;
    spec.outlive_main = false;
    return spec;
}

Result<sandbox::Exit> prepare(const TemplateOrder& order, std::string& log) {
    ASSAY_TRY(sandbox::RootPlan root, root_plan(order.recipe));
    root.image = order.recipe.name + " (preparation)";
    return run_preparation({std::move(root), make_spec(order), order.directory, order.launcher, order.stop, {}}, log);
}

}  // namespace

tl::expected<void, LayerFailure> prepare_service(const TemplateOrder& order) {
    std::string log;
    auto exit = prepare(order, log);
    const std::string log_file = order.directory + "/build.log";
    (void)write_file_at(AT_FDCWD, log_file, log);  // a full disk shows elsewhere
    if (exit && exit->how == sandbox::Exit::How::exited && exit->code == 0) return {};
    return tl::unexpected(preparation_failure({fmt::format("the preparation of service '{}'", order.recipe.name),
                                               order.recipe.name, log_file, order.stop.stop_requested()},
                                              exit, log));
}

std::string service_key(const Recipe& recipe, const std::map<std::string, std::string>& versions,
                        const std::string& machine) {
    std::string all = fmt::format("assay service 1\n{}\n{}\n{}\n{}\n", recipe.name, recipe.revision, machine,
                                  recipe.service->prepare);
    for (const auto& [name, version] : versions) all += fmt::format("{}={}\n", name, version);
    return sha256(all);
}

}  // namespace assay::images

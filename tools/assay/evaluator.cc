#include "tools/assay/evaluator.h"

#include "tools/assay/environment.h"

namespace assay::tools {

namespace {

Result<images::LayerStore> open_layer_store(bool offline) {
    images::LayerStore::Options options;
    ASSAY_TRY(options.launcher.program, launcher_program());
    options.store.path = cache_folder();
    options.environment = environment();
    options.offline = offline;
    return images::LayerStore::open(std::move(options));
}

script::Limits limits_of(const harness::Policy& policy) {
    script::Limits limits;
    limits.running = policy.timeout_script;
    return limits;
}

runtime::Services::Options beside(const harness::Policy& policy) {
    runtime::Services::Options options;
    options.statements = policy.statements;
    return options;
}

}  // namespace

Result<std::unique_ptr<Foundation>> Foundation::open(const EvaluationOptions& options, bool resident) {
    ASSAY_TRY(auto platform, script::Platform::create());
    ASSAY_TRY(images::LayerStore store, open_layer_store(options.offline));
    ASSAY_TRY(std::string launcher, launcher_program());
    std::unique_ptr<Foundation> made(
        new Foundation(std::move(platform), std::move(store), std::move(launcher), resident));
    if (!options.suite.empty()) ASSAY_CHECK(made->suites.load(options.suite));
    return made;
}

Evaluator::Evaluator(Foundation& foundation, collect::Collector& collector, const Setting& setting)
    : scheduler_({}, foundation.platform, limits_of(setting.policy)),
      admission_(foundation.reactor, setting.capacity),
      layers_(foundation.reactor),
      service_pool_(foundation.reactor, layers_, beside(setting.policy)),
      session_{foundation.reactor,     scheduler_, admission_,        foundation.suites, layers_,
               foundation.layer_store, collector,  foundation.images, setting.services,  service_pool_,
               setting.policy} {}

}  // namespace assay::tools

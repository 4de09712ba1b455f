#include "harness/prepare.h"

#include <optional>
#include <utility>

#include "images/warm_template.h"

namespace assay::harness {

using runtime::Fault;
using runtime::Layers;
using runtime::Task;

namespace {

constexpr std::uint64_t kDependencyLogLimit = 4u << 20;

// One submission's way to its layers.
class Preparation {
 public:
    Preparation(Session& session, const batch::Submission& submission, const ImageHost& image,
                runtime::Admission::Slot& slot)
        : session_(session), submission_(submission), image_(image), slot_(slot) {}

    // Fills `made`.
    Task<tl::expected<void, Fault>> dependencies(images::Manifests manifests);
    Task<void> warm_template();
    Prepared made;

 private:
    Task<Layers::Made> layer_for(std::string key, const char* waiting, Layers::Make make);

    Session& session_;
    const batch::Submission& submission_;
    const ImageHost& image_;
    runtime::Admission::Slot& slot_;
};

// A layer that has to be built is waited for without a slot: others run meanwhile. `waiting` is the event that says so.
Task<Layers::Made> Preparation::layer_for(std::string key, const char* waiting, Layers::Make make) {
    if (auto known = session_.layers.find(key)) co_return std::move(*known);
    slot_.park();
    session_.collector.event(submission_.id, waiting, {{"state", "wait"}});
    auto layer = co_await session_.layers.ensure(key, std::move(make));
    co_await slot_.unpark();
    co_return layer;
}

Task<tl::expected<void, Fault>> Preparation::dependencies(images::Manifests manifests) {
    const images::LayerRequest request{image_.recipe.name, std::move(manifests), submission_.task->setup_cmds};
    auto setup = images::plan_setup(image_.recipe, request.manifests, request.setup);
    if (!setup) {
        made.rejected = "its dependencies could not be installed: " + setup.error().to_string();
        co_return tl::expected<void, Fault>();
    }
    made.own_setup = std::move(setup->commands);
    if (!setup->layer) co_return tl::expected<void, Fault>();

    // GCC 12 destroys some temporaries of a co_await expression twice: what owns something has a name.
    std::string key = image_.recipe.name + setup->layer->digest();
    Layers::Make make = [this, request] { return session_.layer_store.ensure(request); };
    auto layer = co_await layer_for(std::move(key), "dependencies", std::move(make));
    if (layer) {
        made.layer = std::move(*layer);
        co_return tl::expected<void, Fault>();
    }
    const images::LayerFailure& failure = layer.error();
    if (auto log = failure.log.empty() ? Result<std::string>() : read_file(failure.log, kDependencyLogLimit))
        made.dependency_log = *log;
    if (!failure.of_submission())
        co_return tl::unexpected(Fault{"dependencies", failure.to_string(), failure.retryable()});
    made.rejected = "its dependencies could not be installed: " + failure.to_string();
    co_return tl::expected<void, Fault>();
}

// Without one the server starts cold, for a reason that the record has: never a fault, nor the submission's affair.
Task<void> Preparation::warm_template() {
    if (!session_.policy.warm || !image_.recipe.warm) co_return;
    made.why_cold = images::no_warm_templates(image_.recipe);
    if (made.why_cold.empty() && !made.layer) made.why_cold = "it has no dependency layer";
    if (!made.why_cold.empty()) co_return;

    std::string key = "warm " + made.layer.info().key;
    Layers::Make make = [this, layer = made.layer] { return session_.layer_store.ensure_warm(image_.recipe, layer); };
    auto warm = co_await layer_for(std::move(key), "warm_template", std::move(make));
    made.why_cold = warm ? images::warm_refusal(warm->info()) : warm.error().to_string();
    if (made.why_cold.empty()) made.warm = std::move(*warm);
}

}  // namespace

Task<tl::expected<Prepared, Fault>> prepare(Session& session, const batch::Submission& submission,
                                            const ImageHost& image, images::Manifests manifests,
                                            runtime::Admission::Slot& slot) {
    Preparation preparation(session, submission, image, slot);
    auto installed = co_await preparation.dependencies(std::move(manifests));
    if (!installed) co_return tl::unexpected(std::move(installed.error()));
    co_await preparation.warm_template();
    co_return std::move(preparation.made);
}

}  // namespace assay::harness

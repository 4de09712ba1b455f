// Dependency layers: what a submission's manifests ask for, installed once and shared by all that ask for the same.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "images/builder.h"
#include "images/failure.h"
#include "images/registries.h"
#include "images/setup.h"
#include "images/store.h"

namespace assay::images {

struct LayerRequest {
    std::string image;               // name of a recipe
    Manifests manifests;             // of the submission's root; see manifest_names()
    std::vector<std::string> setup;  // set-up commands of the task; none = the image's usual one
};

// Thread-safe. Everything blocks, for minutes when a layer is built: meant for a few threads of its own.
class LayerStore {
 public:
    struct Options {
        Store::Options store;
        std::string recipes;                   // an operator's folder of recipes; empty = only those built in
        Environment environment;               // of the caller: settings of pip, npm, certificates and proxies
        std::vector<std::string> allow_hosts;  // further hosts that builds may reach
        sandbox::Launcher::Options launcher;
        BuildLimits limits;
        bool offline = false;  // build nothing: a missing layer is a fault
        std::chrono::seconds believe_failures{
            600};  // how long a submission's failure is not tried again; 0 = never kept
    };
    static Result<LayerStore> open(Options options);

    // The layer that the request needs, built when it is not there; an empty one when it needs none. One build at a
    // time for one content, however many threads and processes ask.
    tl::expected<Layer, LayerFailure> ensure(const LayerRequest& request, const std::stop_token& stop = {});

    // The prepared state of a service, made when it is not there or its programs have another version now. Needs no
    // network, so `offline` does not matter. Every failure is a fault.
    tl::expected<Layer, LayerFailure> ensure_service(const Recipe& recipe, const std::stop_token& stop = {});

    // The warm template of a layer that ensure() gave, made when it is not there; or, kept likewise, why it has none
    // (warm_refusal()). Needs no network. Every failure is a fault, and a reason to start cold.
    tl::expected<Layer, LayerFailure> ensure_warm(const Recipe& recipe, const Layer& layer,
                                                  const std::stop_token& stop = {});

    [[nodiscard]] Store& store() noexcept;
    [[nodiscard]] const Options& options() const noexcept;

 private:
    struct State;
    explicit LayerStore(std::shared_ptr<State> state) : state_(std::move(state)) {}
    std::shared_ptr<State> state_;
};

// Key of the layer: content, image and its revision, versions of the tools, machine.
std::string layer_key(const Recipe& recipe, const LayerContent& content,
                      const std::map<std::string, std::string>& versions, const std::string& machine);

}  // namespace assay::images

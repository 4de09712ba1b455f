// What evaluations stand on: all that `assay run` makes once for its batch, and `assay serve` keeps between
// submissions.
//
// Two parts, for the collector's life lies between theirs: a Foundation is made first (an error of it is about usage or
// configuration, and nothing is written yet); then the collector; then an Evaluator, whose submissions write to it.
#pragma once

#include <memory>
#include <string>

#include "harness/evaluate.h"
#include "tools/assay/evaluation_options.h"

namespace assay::tools {

// Resolved before anything is executed.
struct Setting {
    harness::Policy policy;
    runtime::Capacity capacity;
    harness::ServiceRecipes services;  // that there are
};

// The reactor, compiled suites, the layer store and the images' launchers.
struct Foundation {
    // A collection that is named for all is usage: it is read here. A task's own is its submissions'.
    // `resident`: files that suites are read from may change while this lives.
    static Result<std::unique_ptr<Foundation>> open(const EvaluationOptions& options, bool resident = false);

    runtime::Reactor reactor;
    std::shared_ptr<script::Platform> platform;
    harness::Suites suites;
    images::LayerStore layer_store;
    harness::ImageHosts images;

 private:
    Foundation(std::shared_ptr<script::Platform> scripts, images::LayerStore store, std::string launcher, bool resident)
        : platform(std::move(scripts)),
          suites(platform, resident),
          layer_store(std::move(store)),
          images(reactor, layer_store.store(), std::move(launcher)) {}
};

class Evaluator {
 public:
    // Everything given outlives this.
    Evaluator(Foundation& foundation, collect::Collector& collector, const Setting& setting);
    // When the last coroutine has ended; not on the reactor.
    ~Evaluator() { session_.reactor.settle(); }
    Evaluator(const Evaluator&) = delete;
    Evaluator& operator=(const Evaluator&) = delete;

    [[nodiscard]] harness::Session& session() noexcept { return session_; }

 private:
    harness::Scheduler scheduler_;
    runtime::Admission admission_;
    runtime::Layers layers_;
    runtime::ServicePool service_pool_;
    harness::Session session_;
};

}  // namespace assay::tools

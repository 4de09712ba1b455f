// A Postman suite run on a lane of its own.
#pragma once

#include <memory>
#include <utility>

#include "harness/http/connectors.h"
#include "harness/scenario.h"
#include "tests/unit/scenario/lane.h"

namespace assay::harness::testing {

inline const std::shared_ptr<script::Platform>& platform() {
    static const auto shared = script::Platform::create().value();
    return shared;
}

inline Done run_suite(const suite::Suite& suite, const ScenarioOptions& options) {
    const LoadedSuite loaded = prepare(platform(), suite).value();
    const auto engine = script::Engine::create(platform()).value();
    return run_on_lane([&](http::HostConnector& host, OutcomeSink sink) {
        return run_scenario(loaded, *engine, host, options, std::move(sink));
    });
}

}  // namespace assay::harness::testing

// One script of a run from its start to its end: what it sends goes out, and it waits for as long as it said.
#pragma once

#include <cstdint>

#include "harness/request_builder.h"
#include "harness/run_client.h"
#include "harness/scenario.h"
#include "harness/script/engine.h"

namespace assay::harness {

class ScriptRunner {
 public:
    // What requests of scripts are made with.
    struct Making {
        suite::Scopes& scopes;
        suite::Dynamic& dynamic;
        const BuildOptions& options;
        DigestStates& digest;
    };
    // All of it must outlive the runner.
    ScriptRunner(script::ScriptContext& context, RunClient& client, const Making& making, ScenarioRun& totals)
        : context_(context), client_(client), making_(making), totals_(totals) {}

    // Adds to the time in scripts. A fault of ours becomes that of the totals.
    http::Awaitable<void> run(std::uint32_t index, const script::Input& input, script::ScriptResult& result);

 private:
    http::Awaitable<script::Progress> answer(const script::SendRequest& send_request);

    script::ScriptContext& context_;
    RunClient& client_;
    Making making_;
    ScenarioRun& totals_;
};

}  // namespace assay::harness

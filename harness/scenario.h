// One suite against one server, start to end: what newman does, on one lane.
//
// Source of the order of things and of what continues after what: newman 6.2.2 (postman-runtime 7.39.1), observed.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "harness/check/outcome.h"
#include "harness/check/plan.h"
#include "harness/http/client.h"
#include "harness/script/engine.h"
#include "harness/selection.h"
#include "harness/suite/scope_files.h"
#include "harness/suites.h"

namespace assay::harness {

struct ScenarioOptions {
    Millis timeout_request{0};                 // silence of this length ends a request; 0 = none
    Millis timeout_script{5000};               // one script's time in JavaScript; 0 = none
    std::uint32_t timeouts_in_a_row = 3;       // then the remaining requests are presumed to time out; 0 = never
    std::uint64_t requests_at_most = 100'000;  // a suite can jump in circles (setNextRequest); 0 = no limit

    std::vector<std::pair<std::string, std::string>> globals;      // --global-var, over globals_file
    std::vector<std::pair<std::string, std::string>> environment;  // --env-var, over environment_file
    std::optional<suite::ScopeFile> globals_file;
    std::optional<suite::ScopeFile> environment_file;
    std::vector<suite::Scope> data;    // -d; beyond its last row that row is used again
    std::uint32_t iterations = 0;      // -n; 0 = one a row of data, or one: see rounds()
    std::vector<std::string> folders;  // --folder: names or ids of folders and requests; empty = all
    std::vector<std::size_t> items;    // positions in the suite, in run order, instead of `folders`; empty = those
    bool bail = false;                 // --bail: end the run at the first failure
    Millis delay{0};                   // --delay-request, before each request
    bool follow_redirects = true;      // --ignore-redirects
    bool verify_certificate = true;    // --insecure
    std::string working_dir;           // --working-dir, of files that bodies name; empty: the current one
    // What outcomes keep of requests and responses, for reports that show them.
    enum class Keep { none, failed, all };
    Keep keep = Keep::none;
    std::uint64_t seed = 0;            // of {{$random...}}; 0 = a new one
    std::function<void()> on_timeout;  // called when a request has just timed out; may be empty

    [[nodiscard]] std::uint32_t rounds() const {
        return iterations != 0 ? iterations : static_cast<std::uint32_t>(data.empty() ? 1 : data.size());
    }
};

// Gets each request as soon as its scripts have run, in run order. Called on the lane's thread.
using OutcomeSink = std::function<void(check::RequestOutcome)>;

struct ScenarioRun {
    check::Counts counts;
    check::Reach reach;
    std::uint32_t requests = 0;         // executed items, skipped ones not counted
    std::uint32_t failed_requests = 0;  // without a response, presumed ones included
    std::uint32_t timeouts = 0;         // real ones
    std::uint32_t presumed = 0;         // not sent: see timeouts_in_a_row
    std::uint32_t script_errors = 0;
    bool bailed = false;
    Micros elapsed{0};
    Micros in_scripts{0};        // of `elapsed`
    std::optional<Error> fault;  // ours, or the suite cannot be run; the counts are not a verdict then
};

// Everything must outlive the coroutine. The engine's thread is the one that runs it.
http::Awaitable<ScenarioRun> run_scenario(const LoadedSuite& suite, script::Engine& engine, http::Connector& connector,
                                          const ScenarioOptions& options, OutcomeSink sink);

}  // namespace assay::harness

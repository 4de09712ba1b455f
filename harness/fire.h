// The step of an evaluation that fires a suite at a server. docs/events.md says what is posted meanwhile.
#pragma once

#include <functional>
#include <tl/expected.hpp>
#include <vector>

#include "harness/evaluate.h"
#include "harness/scenario.h"
#include "harness/suites.h"
#include "runtime/launchers.h"

namespace assay::harness {

// A suite's run against one server.
struct Fired {
    std::vector<check::RequestOutcome> outcomes;
    ScenarioRun run;
};

// On a lane; without a server every connection is refused. `on_timeout` is called there when a request has just timed
// out. Everything must outlive the coroutine. A fault: the suite cannot be run, or sockets could not be had.
runtime::Task<tl::expected<Fired, runtime::Fault>> fire(Session& session, const batch::Submission& submission,
                                                        const AnySuite& suite, runtime::Sandbox* server,
                                                        std::function<void()> on_timeout);

}  // namespace assay::harness

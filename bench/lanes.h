// Suite runs on the harness's lanes, as `assay run` has them: one thread each, with an engine and an io_context.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "bench/canned_server.h"
#include "harness/scenario.h"

namespace assay::bench {

struct DispatchFigure {
    unsigned lanes = 0;
    unsigned runs_each = 1;  // at once on a lane
    std::uint64_t runs = 0;
    double runs_per_second = 0;
    double cpu_us = 0;         // of the measured side alone, a run
    double script_us = 0;      // of that, in JavaScript; harness only
    double server_cpu_us = 0;  // of the canned server, a run
};

// How every run of these benches is asked for: the server is at `port` of this machine.
std::vector<std::pair<std::string, std::string>> conduit_globals(std::uint16_t port);
harness::ScenarioOptions conduit_options(std::uint16_t port);

// One run, in which nothing may fail.
Result<harness::ScenarioRun> run_once(const std::shared_ptr<script::Platform>& platform,
                                      const harness::LoadedSuite& suite, std::uint16_t port);

struct LaneLoad {
    unsigned lanes = 1;
    unsigned runs_each = 1;  // at once on a lane
    Millis span{2000};
};
// Runs one after the other in each of lanes x runs_each places. An Error when one of them failed.
Result<DispatchFigure> measure_lanes(const std::shared_ptr<script::Platform>& platform,
                                     const harness::LoadedSuite& suite, CannedServer& server, const LaneLoad& load);

}  // namespace assay::bench

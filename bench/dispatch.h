// How many suite runs a second this harness can fire, against a server that costs next to nothing.
//
// All figures in one go, so that their ratios hold whatever the machine: the harness on 1..N lanes, with one run and
// with some at once on each; its HTTP client alone; the floor, a bare epoll client that replays the same bytes and
// looks at nothing; wrk at one address beside the HTTP client at the same; and newman. Of wrk and newman, when they are
// there.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "bench/canned_server.h"
#include "bench/lanes.h"
#include "bench/peer_clients.h"
#include "harness/scenario.h"

namespace assay::bench {

struct DispatchOptions {
    std::string collection;     // a Conduit collection; all of it must pass on the built-in Conduit
    std::string newman;         // command, words apart by blanks; empty: not measured
    unsigned lanes = 0;         // the most, every number from 1 is measured; 0 = one a processor
    unsigned runs_each = 4;     // at once on a lane, in the last row; with one a lane sleeps while its server works
    unsigned connections = 16;  // of wrk, and of the HTTP client beside it
    Millis span{2000};          // of one measurement
    unsigned newman_runs = 3;
};

struct DispatchReport {
    std::string collection;
    std::size_t requests = 0;
    std::size_t assertions = 0;
    std::vector<DispatchFigure> lanes;
    DispatchFigure floor;
    DispatchFigure client;   // the HTTP client alone: same requests, answers parsed and dropped
    LoadFigure client_load;  // the HTTP client on one lane, at what wrk was given
    std::optional<LoadFigure> wrk;
    std::optional<NewmanFigure> newman;
};

// One run against a Conduit that thinks; all others can be answered from its tape. An Error when anything failed in it.
struct RecordedRun {
    std::shared_ptr<const Tape> tape;
    std::size_t requests = 0;
    std::size_t assertions = 0;
};
Result<RecordedRun> record_run(const std::shared_ptr<script::Platform>& platform, const harness::LoadedSuite& suite);

Result<DispatchReport> measure_dispatch(const DispatchOptions& options);

[[nodiscard]] nlohmann::json to_json(const DispatchReport& report);
[[nodiscard]] std::string to_text(const DispatchReport& report);

}  // namespace assay::bench

// Parts of one suite beside each other on one lane, told as one run.
//
// Each part has variables, cookies and a connection of its own, as they are at the start of a run. Outcomes are handed
// on in the order of the parts, never in that of their ends, and numbered as those of one run.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "harness/hurl_scenario.h"
#include "harness/scenario.h"

namespace assay::harness {

// Runs one part; what the coroutine uses must live until it ends.
using PartRunner = std::function<http::Awaitable<ScenarioRun>(OutcomeSink)>;

// At most `at_once` parts at a time, at least one. Of several iterations the outcomes come by iteration, then by part.
// `elapsed` of the result is the time from start to end, all else the sum of the parts; `fault` is the first part's
// that has one, and parts that have not begun then do not begin.
http::Awaitable<ScenarioRun> run_in_parallel(const std::vector<PartRunner>& parts, unsigned at_once, OutcomeSink sink);

// The collection in the given parts (partition.h), each a scenario of its own. The options must outlive the coroutine;
// `bail` is not among what they may ask for.
http::Awaitable<ScenarioRun> run_parts(const LoadedSuite& suite, script::Engine& engine, http::Connector& connector,
                                       const ScenarioOptions& options, std::vector<std::vector<std::size_t>> parts,
                                       unsigned at_once, OutcomeSink sink);
// Each Hurl file a part of its own, likewise.
http::Awaitable<ScenarioRun> run_files(const HurlSuite& suite, http::Connector& connector, const HurlOptions& options,
                                       unsigned at_once, OutcomeSink sink);

}  // namespace assay::harness

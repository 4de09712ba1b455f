// newman's JSON report, for the fields that people read of it: collection, run.stats, run.timings, run.executions with
// item, request, response and assertions, run.transfers, run.failures.
//
// Source: newman 6.2.2 (lib/run/summary.js) and its output on the golden collections. Not there: `environment` and
// `globals` as they stood in the end, scripts of an item, stack traces, timings of DNS and of the first byte (0).
#pragma once

#include <string>

#include "harness/report/suite_run.h"

namespace assay::report {

// The outcomes' exchanges give request and response; without them an execution has neither.
[[nodiscard]] std::string newman_json(const SuiteRun& run);

}  // namespace assay::report

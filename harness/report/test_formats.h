// A suite's run in the formats that collect tests of any kind: TAP 14, CTRF, NDJSON.
#pragma once

#include <string>

#include "harness/report/suite_run.h"

namespace assay::report {

// https://testanything.org/tap-version-14-specification.html. A test an assertion; errors and unreached assertions are
// tests that are not ok, with a YAML block.
[[nodiscard]] std::string tap(const SuiteRun& run);

// Common Test Report Format, https://ctrf.io: results.tool, results.summary, results.tests. Unreached is "other".
[[nodiscard]] std::string ctrf(const SuiteRun& run, const std::string& version);

// The `request` events of a batch's journal (docs/events.md), one a line, with `curl` where the exchange was kept; then
// a line {"event": "run", ...} with the counts.
[[nodiscard]] std::string ndjson(const SuiteRun& run);

}  // namespace assay::report

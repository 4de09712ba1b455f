// A suite's run for people: a line a request while it runs; of a failure the request, the response, what was expected
// and what came, and the curl command. Nothing that a server sends reaches the terminal unescaped.
#pragma once

#include <string>

#include "harness/report/suite_run.h"

namespace assay::report {

struct TerminalOptions {
    bool colour = false;
    std::size_t body_bytes = 2000;  // of a body that is shown
};

// One request as it is done.
[[nodiscard]] std::string terminal_request(const check::RequestOutcome& outcome, const TerminalOptions& options);
// The closing lines: counts, where failures begin.
[[nodiscard]] std::string terminal_summary(const SuiteRun& run, const TerminalOptions& options);

// "expected 3 to equal 2" as {"2", "3"}: what was expected, what came. Empty when the message says it otherwise.
struct Difference {
    std::string expected;
    std::string actual;
};
[[nodiscard]] Difference difference_of(const std::string& message);

}  // namespace assay::report

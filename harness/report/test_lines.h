// What every format that collects tests makes of a request: a test for each assertion, error, and assertion that was
// not reached.
#pragma once

#include <string>
#include <vector>

#include "harness/check/outcome.h"
#include "harness/collect/record.h"

namespace assay::report {

struct TestLine {
    enum class State { passed, failed, skipped, error, unreached };
    std::string name;
    State state = State::passed;
    std::string message;
    [[nodiscard]] bool good() const { return state == State::passed || state == State::skipped; }
};

[[nodiscard]] std::vector<TestLine> lines_of(const check::RequestOutcome& outcome);

// Of the structural rules: the findings that break one are its message, a line each.
[[nodiscard]] std::vector<TestLine> lines_of(const std::vector<verify::RuleVerdict>& structure);

// "file:line: message"
[[nodiscard]] std::string finding_text(const verify::Finding& finding);

}  // namespace assay::report

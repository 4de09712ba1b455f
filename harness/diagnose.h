// Why a submission failed: one category of the constraint-decay study's taxonomy, from evidence alone.
//
// Pure: readiness, exit status, assertions, structural findings and the log's end in; category, cause and
// evidence out. The categories that need an agent's trajectory (stuck_in_loop, premature_termination) are never
// given. The log can be written by the submission: it is quoted as evidence, it decides nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/check/outcome.h"
#include "harness/collect/record.h"

namespace assay::harness {

struct Evidence {
    const collect::Verdict& verdict;
    const collect::ServerLife& server;
    const std::vector<check::RequestOutcome>& outcomes;
    const std::string& log_end;
    std::string rejected;  // why source or dependencies were refused; empty = they were not
};

// Nothing when the submission succeeded.
std::optional<collect::Failure> diagnose(const Evidence& evidence);

}  // namespace assay::harness

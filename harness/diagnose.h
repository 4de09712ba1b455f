// Why a submission failed: one category of the constraint-decay study's taxonomy, from evidence alone.
//
// Pure: readiness, exit status, assertions, structural findings and the log's end in; category, cause and
// evidence out. The categories that need an agent's trajectory (stuck_in_loop, premature_termination) are never
// given. The log can be written by the submission: it is quoted, and tells one kind of server error from another
// (root_cause.h); it never decides about a score.
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
    const std::string& log;      // of the server, and of the services beside it
    const std::string& log_end;  // of it, to quote
    std::string rejected;        // why source or dependencies were refused; empty = they were not
};

// Nothing when the submission succeeded.
std::optional<collect::Failure> diagnose(const Evidence& evidence);

}  // namespace assay::harness

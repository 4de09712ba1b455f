// What kind of error the behaviour of a started server shows: category and root cause of the constraint-decay study's
// taxonomy (arXiv 2605.06445), from the steps that failures begin with.
//
// Statuses, redirects, lost values and the words of failed assertions decide. The server's log is read for one thing
// only, which no socket shows: whether a 5xx came from the database layer. No score depends on any of it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/check/outcome.h"

namespace assay::harness {

struct RootCause {
    std::string category;  // "logic_error", "schema_format_error", "incomplete_implementation"
    std::string cause;     // of a logic_error; else empty
    std::string summary;   // one sentence
    const check::RequestOutcome* example = nullptr;  // the first step of that kind; never null
};

// `run` holds at least one failed assertion.
RootCause root_cause(const std::vector<check::RequestOutcome>& run, std::string_view log);

}  // namespace assay::harness

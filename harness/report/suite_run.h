// One run of a suite, finished: what the reporters of this room print. Plain data; they know nothing of who read the
// suite and who ran it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/check/outcome.h"
#include "harness/check/plan.h"

namespace assay::report {

struct SuiteItem {
    std::string id;
    std::string name;
    std::string request_json;              // as the suite has it, in the collection format; empty: unknown
    std::uint32_t prerequest_scripts = 0;  // that stand at it or above it
    std::uint32_t test_scripts = 0;
};

struct SuiteRun {
    std::string id;
    std::string name;
    std::vector<SuiteItem> items;                 // RequestOutcome::position is an index into them
    std::vector<check::RequestOutcome> outcomes;  // in run order; with `exchange` where it was kept
    check::Reach reach;
    std::uint32_t iterations = 1;
    std::int64_t started_ms = 0;  // since 1970
    std::int64_t completed_ms = 0;
};

// "folder / name", as reports name a request.
[[nodiscard]] std::string full_name(const check::RequestOutcome& outcome);
// Why a visit went wrong beside its assertions: a request or script error, a line each.
[[nodiscard]] std::vector<std::string> errors_of(const check::RequestOutcome& outcome);

}  // namespace assay::report

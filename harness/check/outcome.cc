#include "harness/check/outcome.h"

namespace assay::check {

Counts& Counts::operator+=(const Counts& other) {
    total += other.total;
    passed += other.passed;
    failed += other.failed;
    skipped += other.skipped;
    return *this;
}

Counts count(const RequestOutcome& outcome) {
    Counts counts;
    for (const Assertion& assertion : outcome.assertions) {
        if (assertion.pre_request) continue;  // newman wipes their counts, and keeps their names
        ++counts.total;
        switch (assertion.status) {
            case Status::passed: ++counts.passed; break;
            case Status::failed: ++counts.failed; break;
            case Status::skipped: ++counts.skipped; break;
        }
    }
    return counts;
}

Counts count(const std::vector<RequestOutcome>& run) {
    Counts counts;
    for (const RequestOutcome& outcome : run) counts += count(outcome);
    return counts;
}

std::uint32_t cut_short(const std::vector<RequestOutcome>& run) {
    std::uint32_t scripts = 0;
    for (const RequestOutcome& outcome : run)
        for (const ScriptError& error : outcome.script_errors)
            if (error.listen == "test" && (error.kind == "timeout" || error.kind == "memory" || error.kind == "limit"))
                ++scripts;
    return scripts;
}

}  // namespace assay::check

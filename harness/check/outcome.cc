#include "harness/check/outcome.h"

#include <algorithm>
#include <set>

namespace assay::check {

Counts& Counts::operator+=(const Counts& other) {
    total += other.total;
    passed += other.passed;
    failed += other.failed;
    skipped += other.skipped;
    return *this;
}

bool counted_failure(const Assertion& assertion) {
    return assertion.status == Status::failed && !assertion.pre_request;
}

Causes causes_of(const std::vector<RequestOutcome>& run) {
    Causes causes;
    std::set<std::uint32_t> roots;
    for (const RequestOutcome& outcome : run) {
        const auto failed = static_cast<std::uint32_t>(
            std::count_if(outcome.assertions.begin(), outcome.assertions.end(), counted_failure));
        if (failed == 0) continue;
        (outcome.follows ? causes.following_failures : causes.root_failures) += failed;
        roots.insert(outcome.root_cause.value_or(outcome.sequence));
    }
    causes.roots.assign(roots.begin(), roots.end());
    return causes;
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

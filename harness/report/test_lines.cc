#include "harness/report/test_lines.h"

#include "harness/report/suite_run.h"

namespace assay::report {

std::vector<TestLine> lines_of(const check::RequestOutcome& outcome) {
    using State = TestLine::State;
    std::vector<TestLine> lines;
    for (const auto& assertion : outcome.assertions) {
        const auto state = assertion.status == check::Status::passed   ? State::passed
                           : assertion.status == check::Status::failed ? State::failed
                                                                       : State::skipped;
        lines.push_back({assertion.name, state, assertion.message});
    }
    for (const auto& error : errors_of(outcome)) {
        const auto colon = error.find(": ");
        lines.push_back({error.substr(0, colon), State::error, error.substr(colon + 2)});
    }
    for (const auto& name : outcome.unreached) lines.push_back({name, State::unreached, "the run did not come to it"});
    return lines;
}

std::vector<TestLine> lines_of(const std::vector<verify::RuleVerdict>& structure) {
    std::vector<TestLine> lines;
    for (const auto& rule : structure) {
        TestLine line{rule.rule, rule.holds ? TestLine::State::passed : TestLine::State::failed, ""};
        for (const auto& finding : rule.findings) {
            if (finding.weight != verify::Weight::breaks) continue;
            line.message += (line.message.empty() ? "" : "\n") + finding_text(finding);
        }
        lines.push_back(std::move(line));
    }
    return lines;
}

std::string finding_text(const verify::Finding& finding) {
    if (finding.file.empty()) return finding.message;
    return finding.file + (finding.line == 0 ? "" : ":" + std::to_string(finding.line)) + ": " + finding.message;
}

}  // namespace assay::report

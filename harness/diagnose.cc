#include "harness/diagnose.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/root_cause.h"
#include "sandbox/exit_text.h"

namespace assay::harness {

using check::RequestOutcome;

namespace {

std::string describe(const RequestOutcome& outcome) {
    for (const auto& assertion : outcome.assertions) {
        if (!check::counted_failure(assertion)) continue;
        std::string answer = outcome.answer ? fmt::format("answered {}", outcome.answer->code) : outcome.error;
        std::string message = assertion.message.empty() ? "" : ": " + assertion.message;
        return fmt::format("{} ({} {}) {}; first failed assertion \"{}\"{}", outcome.item, outcome.method, outcome.url,
                           answer, assertion.name, message);
    }
    return {};
}

std::optional<collect::Failure> startup(const Evidence& evidence) {
    const char* category = "server_startup_failure";
    if (!evidence.rejected.empty()) return collect::Failure{category, "", evidence.rejected, evidence.log_end};
    const auto& server = evidence.server;
    if (!server.readiness) return std::nullopt;
    using State = runtime::Readiness::State;
    // A server that said nothing to the health check may still have answered the suite: then it did start.
    const bool answered = std::any_of(evidence.outcomes.begin(), evidence.outcomes.end(),
                                      [](const auto& outcome) { return outcome.answer.has_value(); });
    if (answered) return std::nullopt;
    switch (server.readiness->state) {
        case State::exited:
            return collect::Failure{category, "",
                                    "the server " +
                                        (server.exit ? sandbox::describe(*server.exit) : std::string("ended")) +
                                        " before it was ready",
                                    evidence.log_end};
        case State::silent:
            return collect::Failure{category, "", "nothing listened on the task's port at the service address",
                                    evidence.log_end};
        case State::unhealthy:
            return collect::Failure{category, "", "the port accepted connections, but no request was ever answered",
                                    evidence.log_end};
        case State::ready: return std::nullopt;
    }
    return std::nullopt;
}

std::optional<collect::Failure> structure(const Evidence& evidence) {
    for (const auto& rule : evidence.verdict.structure) {
        if (rule.holds) continue;
        std::string where;
        for (const auto& finding : rule.findings) {
            if (finding.weight != verify::Weight::breaks) continue;
            where = finding.file.empty() ? finding.message
                                         : fmt::format("{}:{}: {}", finding.file, finding.line, finding.message);
            break;
        }
        return collect::Failure{"constraint_violation", "", rule.rule + ": " + rule.summary, where};
    }
    return std::nullopt;
}

}  // namespace

std::optional<collect::Failure> diagnose(const Evidence& evidence) {
    if (evidence.verdict.succeeded()) return std::nullopt;
    if (auto failure = startup(evidence)) return failure;
    if (evidence.verdict.tests_passed()) return structure(evidence);

    if (evidence.verdict.counts.failed == 0 && evidence.verdict.cut_short > 0)
        return collect::Failure{"logic_error", "business_logic_defect",
                                "its answers made test scripts meet their limit of time or memory", evidence.log_end};
    const auto failed = [](const RequestOutcome& outcome) {
        return std::any_of(outcome.assertions.begin(), outcome.assertions.end(), check::counted_failure);
    };
    if (std::none_of(evidence.outcomes.begin(), evidence.outcomes.end(), failed))
        return collect::Failure{"other", "", "no assertion was evaluated", evidence.log_end};
    const RootCause found = root_cause(evidence.outcomes, evidence.log);
    std::string seen = describe(*found.example);
    if (!found.example->answer || found.example->answer->code >= 500) seen += "\n" + evidence.log_end;
    return collect::Failure{found.category, found.cause, found.summary, std::move(seen)};
}

}  // namespace assay::harness

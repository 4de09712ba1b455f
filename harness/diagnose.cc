#include "harness/diagnose.h"

#include <fmt/format.h>

#include <algorithm>

namespace assay::harness {

using check::RequestOutcome;
using check::Status;

namespace {

// Of the requests that failed an assertion, how many got an answer of each kind.
struct Tally {
    std::size_t requests = 0, failed = 0;
    std::size_t unbuilt = 0;    // 404, 405, 501
    std::size_t crashed = 0;    // 5xx else
    std::size_t refused = 0;    // 401, 403
    std::size_t rejected = 0;   // other 4xx
    std::size_t shape = 0;      // 2xx, and still a failed assertion
    std::size_t no_answer = 0;  // no response at all
    const RequestOutcome* first = nullptr;
};

bool has_failed(const RequestOutcome& outcome) {
    return std::any_of(outcome.assertions.begin(), outcome.assertions.end(), [](const auto& assertion) {
        return assertion.status == Status::failed && !assertion.pre_request;
    });
}

Tally tally(const std::vector<RequestOutcome>& outcomes) {
    Tally seen;
    seen.requests = outcomes.size();
    for (const RequestOutcome& outcome : outcomes) {
        if (!has_failed(outcome) || outcome.skipped) continue;  // what a Hurl file did not reach says nothing
        ++seen.failed;
        if (seen.first == nullptr) seen.first = &outcome;
        if (!outcome.answer) {
            ++seen.no_answer;
            continue;
        }
        const std::uint32_t code = outcome.answer->code;
        if (code == 404 || code == 405 || code == 501)
            ++seen.unbuilt;
        else if (code >= 500)
            ++seen.crashed;
        else if (code == 401 || code == 403)
            ++seen.refused;
        else if (code >= 400)
            ++seen.rejected;
        else
            ++seen.shape;
    }
    return seen;
}

std::string describe_first(const RequestOutcome& outcome) {
    for (const auto& assertion : outcome.assertions) {
        if (assertion.status != Status::failed || assertion.pre_request) continue;
        std::string answer = outcome.answer ? fmt::format("answered {}", outcome.answer->code) : outcome.error;
        std::string message = assertion.message.empty() ? "" : ": " + assertion.message;
        return fmt::format("{} ({} {}) {}; first failed assertion \"{}\"{}", outcome.item, outcome.method, outcome.url,
                           answer, assertion.name, message);
    }
    return {};
}

std::string describe_exit(const sandbox::Exit& exit) {
    using How = sandbox::Exit::How;
    switch (exit.how) {
        case How::exited: return fmt::format("exited with status {}", exit.code);
        case How::signaled: return fmt::format("was ended by signal {}", exit.code);
        case How::limit: return "met its limit of " + exit.limit;
        case How::killed: return "was stopped";
    }
    return {};
}

std::optional<collect::Failure> startup(const Evidence& evidence) {
    const char* category = "server_startup_failure";
    if (!evidence.rejected.empty()) return collect::Failure{category, evidence.rejected, evidence.log_end};
    const auto& server = evidence.server;
    if (!server.readiness) return std::nullopt;
    using State = runtime::Readiness::State;
    // A server that said nothing to the health check may still have answered the suite: then it did start.
    const bool answered = std::any_of(evidence.outcomes.begin(), evidence.outcomes.end(),
                                      [](const auto& outcome) { return outcome.answer.has_value(); });
    if (answered) return std::nullopt;
    switch (server.readiness->state) {
        case State::exited:
            return collect::Failure{category,
                                    "the server " + (server.exit ? describe_exit(*server.exit) : std::string("ended")) +
                                        " before it was ready",
                                    evidence.log_end};
        case State::silent:
            return collect::Failure{category, "nothing listened on the task's port at the service address",
                                    evidence.log_end};
        case State::unhealthy:
            return collect::Failure{category, "the port accepted connections, but no request was ever answered",
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
        return collect::Failure{"constraint_violation", rule.rule + ": " + rule.summary, where};
    }
    return std::nullopt;
}

}  // namespace

std::optional<collect::Failure> diagnose(const Evidence& evidence) {
    if (evidence.verdict.succeeded()) return std::nullopt;
    if (auto failure = startup(evidence)) return failure;
    if (evidence.verdict.tests_passed()) return structure(evidence);

    if (evidence.verdict.counts.failed == 0 && evidence.verdict.cut_short > 0)
        return collect::Failure{"logic_error", "its answers made test scripts meet their limit of time or memory",
                                evidence.log_end};
    const Tally seen = tally(evidence.outcomes);
    if (seen.first == nullptr) return collect::Failure{"other", "no assertion was evaluated", evidence.log_end};
    const std::string first = describe_first(*seen.first);
    // Assertions that follow from a missing token or slug fail too: what most failing requests got is the cause.
    struct Kind {
        std::size_t count;
        const char* category;
        const char* cause;
    };
    const Kind kinds[] = {
        {seen.unbuilt, "incomplete_implementation", "most failing requests found no route (404 or 405)"},
        {seen.crashed, "logic_error", "most failing requests ended in a server error (5xx)"},
        {seen.refused, "logic_error", "most failing requests were not let in (401 or 403)"},
        {seen.rejected, "logic_error", "most failing requests were refused as malformed (4xx)"},
        {seen.no_answer, "logic_error", "most failing requests got no answer"},
        {seen.shape, "schema_format_error", "the endpoints answer, the JSON has another shape or content"},
    };
    const Kind* most = std::max_element(std::begin(kinds), std::end(kinds),
                                        [](const Kind& left, const Kind& right) { return left.count < right.count; });
    return collect::Failure{most->category, most->cause, seen.crashed > 0 ? first + "\n" + evidence.log_end : first};
}

}  // namespace assay::harness

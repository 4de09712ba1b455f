#include "harness/collect/record.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace assay::collect {

using nlohmann::json;

bool Verdict::structure_holds() const {
    return std::all_of(structure.begin(), structure.end(), [](const auto& rule) { return rule.holds; });
}
double Verdict::raw_score() const {
    return counts.total == 0 ? 0.0 : static_cast<double>(counts.passed) / static_cast<double>(counts.total);
}
// Answers that end the scripts would otherwise take their failures out of the count.
double Verdict::strict_score() const { return structure_holds() && cut_short == 0 ? raw_score() : 0.0; }
bool Verdict::tests_passed() const { return counts.failed == 0 && counts.total > 0 && cut_short == 0; }
bool Verdict::succeeded() const { return tests_passed() && structure_holds(); }

namespace {

json structure_json(const std::vector<verify::RuleVerdict>& structure) {
    json rules = json::array();
    for (const auto& rule : structure) {
        json findings = json::array();
        for (const auto& finding : rule.findings) {
            findings.push_back({{"weight", verify::name_of(finding.weight)},
                                {"file", finding.file},
                                {"line", finding.line},
                                {"message", finding.message}});
            if (!finding.evidence.empty()) findings.back()["evidence"] = finding.evidence;
        }
        rules.push_back({{"rule", rule.rule}, {"holds", rule.holds}, {"findings", std::move(findings)}});
    }
    return rules;
}

json counts_json(const check::Counts& counts) {
    return {{"total", counts.total}, {"passed", counts.passed}, {"failed", counts.failed}, {"skipped", counts.skipped}};
}

json verdict_json(const Verdict& verdict) {
    json assertions = counts_json(verdict.counts);
    assertions["known"] = verdict.reach.known;
    assertions["unreached"] = verdict.reach.unreached;
    if (verdict.reach.open > 0) assertions["open_items"] = verdict.reach.open;
    json causes = {{"root_failures", verdict.causes.root_failures},
                   {"following_failures", verdict.causes.following_failures},
                   {"roots", verdict.causes.roots}};
    return {{"assertions", std::move(assertions)},    {"causes", std::move(causes)},
            {"requests", verdict.requests},           {"presumed_timeouts", verdict.presumed},
            {"scripts_cut_short", verdict.cut_short}, {"raw_score", verdict.raw_score()},
            {"strict_score", verdict.strict_score()}, {"tests_passed", verdict.tests_passed()},
            {"succeeded", verdict.succeeded()},       {"structure", structure_json(verdict.structure)}};
}

json exit_json(const sandbox::Exit& exit) {
    using How = sandbox::Exit::How;
    json out;
    switch (exit.how) {
        case How::exited: out["exited"] = exit.code; break;
        case How::signaled: out["signal"] = exit.code; break;
        case How::killed: out["killed"] = true; break;
        case How::limit: out["limit"] = exit.limit; break;
    }
    return out;
}

// Null: this host does not show them.
json refused_json(const sandbox::Exit& exit) {
    if (!exit.refusals_seen) return nullptr;
    json calls = json::array();
    for (const sandbox::RefusedCall& each : exit.refused_calls) {
        calls.push_back(to_json(each));
        calls.back()["count"] = each.count;
    }
    return calls;
}

json micros_json(Micros time) { return time == sandbox::kNotMeasured ? json(nullptr) : json(time.count()); }

// What holds a server back, and is not its own doing.
json held_back_json(const sandbox::Usage& used) {
    return {{"throttled_us", micros_json(used.throttled)},
            {"throttled_periods", used.throttled_periods},
            {"stalled_cpu_us", micros_json(used.stalled_cpu)},
            {"stalled_memory_us", micros_json(used.stalled_memory)},
            {"stalled_io_us", micros_json(used.stalled_io)}};
}

json phase_json(const Phase& phase) {
    json out = {{"wall_us", phase.wall.count()}};
    if (!phase.server) return out;
    out["cpu_us"] = (phase.server->cpu_user + phase.server->cpu_system).count();
    const std::uint64_t peak = phase.server->phase_memory_peak.count;
    out["memory_peak_bytes"] = peak == 0 ? json(nullptr) : json(peak);
    out.update(held_back_json(*phase.server));
    return out;
}

json use_json(const sandbox::Usage& used) {
    json out = {{"wall_us", used.wall.count()},
                {"cpu_user_us", used.cpu_user.count()},
                {"cpu_system_us", used.cpu_system.count()},
                {"memory_peak_bytes", used.memory_peak.count},
                {"processes_peak", used.processes_peak},
                {"disk_bytes", used.disk.count},
                {"inodes", used.inodes},
                {"output_bytes", used.output.count}};
    out.update(held_back_json(used));
    return out;
}

json usage_json(const Record& record) {
    json phases = json::object();
    for (const Phase& phase : record.phases) phases[phase.name] = phase_json(phase);
    json usage = {{"phases", std::move(phases)}};
    if (record.server.exit) {
        usage["server"] = use_json(record.server.exit->usage);
        usage["limits_hit"] = record.server.exit->limits_hit;
        usage["unenforced"] = record.server.exit->unenforced;
    }
    for (const runtime::ServiceLife& service : record.services) {
        json& use = usage["services"][service.name] = use_json(service.exit.usage);
        use["ready_after_us"] = service.ready_after.count();
        use["limits_hit"] = service.exit.limits_hit;
        use["exit"] = exit_json(service.exit);
    }
    return usage;
}

json server_json(const Record& record) {
    json server = json::object();
    if (record.server.readiness) {
        server["readiness"] = runtime::to_string(record.server.readiness->state);
        server["ready_after_us"] = record.server.readiness->after.count();
        server["health_status"] = record.server.readiness->last_status;
    }
    if (record.server.exit) {
        server["exit"] = exit_json(*record.server.exit);
        server["refused_calls"] = refused_json(*record.server.exit);
    }
    server["stopped_by_harness"] = record.server.stopped_by_us;
    server["start"] = record.server.warm_template ? "warm" : "cold";
    if (!record.server.why_cold.empty()) server["why_cold"] = record.server.why_cold;
    return server;
}

// An answer may be of any size; a journal holds a batch of them.
constexpr std::size_t kBodyKept = 4096;
constexpr std::size_t kHeaderKept = 1024;  // bytes of one
constexpr std::size_t kHeadersKept = 64;

json message_json(const std::vector<check::Exchange::Field>& headers, const std::string& body) {
    json fields = json::array();
    for (const auto& [name, value] : headers) {
        if (fields.size() == kHeadersKept) break;
        fields.push_back({name.substr(0, kHeaderKept), value.substr(0, kHeaderKept)});
    }
    json message = {{"headers", std::move(fields)}, {"body", body.substr(0, kBodyKept)}};
    if (body.size() > kBodyKept) message["omitted"] = body.size() - kBodyKept;
    return message;
}

json exchange_json(const check::Exchange& exchange) {
    json line = {{"url", exchange.sent_url},
                 {"request", message_json(exchange.request_headers, exchange.request_body)}};
    if (!exchange.response_headers.empty() || !exchange.response_body.empty())
        line["response"] = message_json(exchange.response_headers, exchange.response_body);
    return line;
}

bool failed(const check::RequestOutcome& outcome) {
    return !outcome.error.empty() || !outcome.script_errors.empty() || check::count(outcome).failed > 0;
}

// One entry an earlier step, in the order of the first variable read.
json dependencies_json(const std::vector<check::Dependency>& all) {
    json steps = json::array();
    for (const auto& dependency : all) {
        auto step = std::find_if(steps.begin(), steps.end(),
                                 [&](const json& each) { return each["sequence"] == dependency.sequence; });
        if (step == steps.end()) {
            steps.push_back({{"sequence", dependency.sequence}, {"variables", json::array()}});
            step = std::prev(steps.end());
        }
        (*step)["variables"].push_back(dependency.variable);
        if (dependency.lost) (*step)["lost"].push_back(dependency.variable);
    }
    return steps;
}

}  // namespace

json to_json(const sandbox::RefusedCall& refused) {
    json out = {{"call", refused.call}, {"error", refused.error}};
    if (refused.argument) out["argument"] = *refused.argument;
    return out;
}

json to_json(const Record& record) {
    json line = {{"id", record.id}, {"task", record.task}, {"framework", record.framework}, {"labels", record.labels}};
    line["level"] = record.level < 0 ? json(nullptr) : json(record.level);
    if (const Verdict* verdict = record.verdict()) {
        line["verdict"] = verdict_json(*verdict);
        line["reward"] = verdict->strict_score();
    } else {
        const auto* fault = record.fault();
        line["fault"] = {{"step", fault->step}, {"reason", fault->reason}, {"retryable", fault->retryable}};
        line["reward"] = nullptr;
    }
    if (record.failure)
        line["failure"] = {{"category", record.failure->category},
                           {"cause", record.failure->cause.empty() ? json(nullptr) : json(record.failure->cause)},
                           {"summary", record.failure->summary},
                           {"evidence", record.failure->evidence}};
    line["server"] = server_json(record);
    line["usage"] = usage_json(record);
    json attempts = json::array();
    for (const Attempt& attempt : record.attempts)
        attempts.push_back({{"assertions", counts_json(attempt.counts)}, {"repeated_because", attempt.reason}});
    line["attempts"] = std::move(attempts);
    return line;
}

json to_json(const check::RequestOutcome& outcome) {
    json line = {
        {"sequence", outcome.sequence}, {"item", outcome.item}, {"method", outcome.method}, {"url", outcome.url}};
    if (outcome.iteration != 0) line["iteration"] = outcome.iteration;
    if (!outcome.folder.empty()) line["folder"] = outcome.folder;
    if (outcome.answer)
        line["answer"] = {
            {"code", outcome.answer->code}, {"time_ms", outcome.answer->time.count()}, {"size", outcome.answer->size}};
    if (!outcome.error.empty()) line["error"] = outcome.error;
    if (outcome.skipped) line["skipped"] = true;
    if (outcome.presumed) line["presumed"] = true;
    json assertions = json::array();
    for (const auto& assertion : outcome.assertions) {
        json each = {{"name", assertion.name}};
        switch (assertion.status) {
            case check::Status::passed: each["status"] = "passed"; break;
            case check::Status::failed: each["status"] = "failed"; break;
            case check::Status::skipped: each["status"] = "skipped"; break;
        }
        if (!assertion.message.empty()) each["message"] = assertion.message;
        if (assertion.pre_request) each["pre_request"] = true;
        if (assertion.status == check::Status::failed && outcome.follows) each["follows"] = *outcome.follows;
        assertions.push_back(std::move(each));
    }
    line["assertions"] = std::move(assertions);
    if (!outcome.unreached.empty()) line["unreached"] = outcome.unreached;
    if (outcome.answer && outcome.answer->redirects > 0) line["answer"]["redirects"] = outcome.answer->redirects;
    if (!outcome.depends_on.empty()) line["depends_on"] = dependencies_json(outcome.depends_on);
    if (outcome.follows) line["follows"] = *outcome.follows;
    if (outcome.root_cause) line["root_cause"] = *outcome.root_cause;
    if (!outcome.script_errors.empty()) {
        json errors = json::array();
        for (const auto& error : outcome.script_errors)
            errors.push_back(
                {{"listen", error.listen}, {"kind", error.kind}, {"message", error.message}, {"line", error.line}});
        line["script_errors"] = std::move(errors);
    }
    if (outcome.exchange && failed(outcome) && !outcome.follows) line["exchange"] = exchange_json(*outcome.exchange);
    return line;
}

}  // namespace assay::collect

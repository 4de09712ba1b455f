#include "harness/report/test_formats.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "harness/collect/record.h"
#include "harness/report/curl.h"
#include "harness/report/plain_text.h"

namespace assay::report {
namespace {

using Json = nlohmann::ordered_json;

std::string dump(const auto& json, int indent = -1) {
    return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

// One line of any format: an assertion, an error, or an assertion that was not reached.
struct Line {
    enum class State { passed, failed, skipped, error, unreached };
    std::string name;
    State state = State::passed;
    std::string message;
};

std::vector<Line> lines_of(const check::RequestOutcome& outcome) {
    std::vector<Line> lines;
    for (const auto& assertion : outcome.assertions) {
        const auto state = assertion.status == check::Status::passed   ? Line::State::passed
                           : assertion.status == check::Status::failed ? Line::State::failed
                                                                       : Line::State::skipped;
        lines.push_back({assertion.name, state, assertion.message});
    }
    for (const auto& error : errors_of(outcome)) {
        const auto colon = error.find(": ");
        lines.push_back({error.substr(0, colon), Line::State::error, error.substr(colon + 2)});
    }
    for (const auto& name : outcome.unreached)
        lines.push_back({name, Line::State::unreached, "the run did not come to it"});
    return lines;
}

// A description may hold no line break, and "#" would begin a directive.
std::string tap_text(const std::string& text) {
    std::string out;
    for (const char c : terminal_text(text, false)) {
        if (c == '#' || c == '\\') out += '\\';
        out += c;
    }
    return out;
}

}  // namespace

std::string tap(const SuiteRun& run) {
    std::string text;
    std::size_t number = 0;
    for (const auto& outcome : run.outcomes) {
        for (const auto& line : lines_of(outcome)) {
            const bool ok = line.state == Line::State::passed || line.state == Line::State::skipped;
            text += fmt::format("{} {} - {}: {}{}\n", ok ? "ok" : "not ok", ++number, tap_text(full_name(outcome)),
                                tap_text(line.name), line.state == Line::State::skipped ? " # SKIP" : "");
            if (ok) continue;
            text += fmt::format("  ---\n  message: {}\n", dump(Json(line.message)));
            if (line.state == Line::State::unreached) text += "  unreached: true\n";
            if (outcome.follows) text += fmt::format("  follows: {}\n", *outcome.follows);
            if (const auto command = curl_command(outcome); !command.empty())
                text += fmt::format("  curl: {}\n", dump(Json(command)));
            text += "  ...\n";
        }
    }
    return fmt::format("TAP version 14\n1..{}\n{}", number, text);
}

std::string ctrf(const SuiteRun& run, const std::string& version) {
    Json tests = Json::array();
    std::size_t passed = 0, failed = 0, skipped = 0, other = 0;
    for (const auto& outcome : run.outcomes) {
        for (const auto& line : lines_of(outcome)) {
            const char* status = "failed";
            switch (line.state) {
                case Line::State::passed: status = "passed", ++passed; break;
                case Line::State::skipped: status = "skipped", ++skipped; break;
                case Line::State::unreached: status = "other", ++other; break;
                case Line::State::failed:
                case Line::State::error: ++failed; break;
            }
            Json test = {{"name", full_name(outcome) + ": " + line.name},
                         {"status", status},
                         {"duration", outcome.answer ? outcome.answer->time.count() : 0}};
            if (!line.message.empty()) test["message"] = line.message;
            Json extra = {{"request", outcome.sequence}, {"method", outcome.method}, {"url", outcome.url}};
            if (outcome.follows) extra["follows"] = *outcome.follows;
            if (const auto command = curl_command(outcome); !command.empty() && line.state == Line::State::failed)
                extra["curl"] = command;
            test["extra"] = std::move(extra);
            tests.push_back(std::move(test));
        }
    }
    const Json summary = {
        {"tests", tests.size()}, {"passed", passed}, {"failed", failed},        {"skipped", skipped},
        {"pending", 0},          {"other", other},   {"start", run.started_ms}, {"stop", run.completed_ms}};
    const Json report = {
        {"reportFormat", "CTRF"},
        {"specVersion", "0.0.0"},
        {"results",
         {{"tool", {{"name", "assay"}, {"version", version}}}, {"summary", summary}, {"tests", std::move(tests)}}}};
    return dump(report, 2) + "\n";
}

std::string ndjson(const SuiteRun& run) {
    std::string text;
    for (const auto& outcome : run.outcomes) {
        nlohmann::json line = collect::to_json(outcome);
        line["event"] = "request";
        if (const auto command = curl_command(outcome); !command.empty()) line["curl"] = command;
        text += dump(line) + "\n";
    }
    const auto counts = check::count(run.outcomes);
    const auto causes = check::causes_of(run.outcomes);
    const Json last = {{"event", "run"},
                       {"collection", run.name},
                       {"assertions",
                        {{"total", counts.total},
                         {"passed", counts.passed},
                         {"failed", counts.failed},
                         {"skipped", counts.skipped},
                         {"known", run.reach.known},
                         {"unreached", run.reach.unreached}}},
                       {"causes",
                        {{"root_failures", causes.root_failures},
                         {"following_failures", causes.following_failures},
                         {"roots", causes.roots}}}};
    return text + dump(last) + "\n";
}

}  // namespace assay::report

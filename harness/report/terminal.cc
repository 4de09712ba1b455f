#include "harness/report/terminal.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "harness/report/curl.h"
#include "harness/report/plain_text.h"

namespace assay::report {
namespace {

using check::RequestOutcome;
using check::Status;

constexpr const char *kRed = "31", *kGreen = "32", *kYellow = "33", *kDim = "2";

std::string painted(const std::string& text, const char* colour, const TerminalOptions& options) {
    return options.colour ? fmt::format("\x1b[{}m{}\x1b[0m", colour, text) : text;
}

std::string indented(const std::string& text, const std::string& prefix) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find('\n', at), text.size());
        out += prefix + text.substr(at, end - at) + "\n";
        at = end + 1;
    }
    return out;
}

std::string message_part(const char* mark, const std::vector<check::Exchange::Field>& headers, const std::string& body,
                         const TerminalOptions& options) {
    std::string text;
    for (const auto& [name, value] : headers)
        text += fmt::format("    {} {}: {}\n", mark, terminal_text(name, false), terminal_text(value, false));
    if (!body.empty())
        text += indented(terminal_text(shortened(body, options.body_bytes), true), fmt::format("    {} ", mark));
    return text;
}

std::string exchange_text(const RequestOutcome& outcome, const TerminalOptions& options) {
    if (!outcome.exchange) return {};
    const auto& exchange = *outcome.exchange;
    std::string text =
        fmt::format("    > {} {}\n", terminal_text(outcome.method, false), terminal_text(exchange.sent_url, false));
    text += message_part(">", exchange.request_headers, exchange.request_body, options);
    if (outcome.answer) {
        text += fmt::format("    < {} {}\n", outcome.answer->code, terminal_text(outcome.answer->status, false));
        text += message_part("<", exchange.response_headers, exchange.response_body, options);
    }
    return painted(text, kDim, options) + fmt::format("    {}\n", terminal_text(curl_command(outcome), false));
}

std::string failure_text(const check::Assertion& assertion, const TerminalOptions& options) {
    std::string text =
        "  " + painted("failed: " + terminal_text(assertion.name, false), kRed, options) +
        (assertion.message.empty() ? "" : ": " + terminal_text(shortened(assertion.message, 500), false)) + "\n";
    const auto [expected, actual] = difference_of(assertion.message);
    if (!expected.empty() || !actual.empty()) {
        text += painted(indented(terminal_text(shortened(expected, 500), true), "    - "), kGreen, options);
        text += painted(indented(terminal_text(shortened(actual, 500), true), "    + "), kRed, options);
    }
    return text;
}

}  // namespace

Difference difference_of(const std::string& message) {
    static constexpr std::array<std::string_view, 4> kVerbs = {" to deeply equal ", " to equal ", " to be equal to ",
                                                               " to have status code "};
    constexpr std::string_view kBegin = "expected ";
    if (!message.starts_with(kBegin)) return {};
    for (const auto verb : kVerbs) {
        const auto at = message.rfind(verb);
        if (at == std::string::npos || at < kBegin.size()) continue;
        return {message.substr(at + verb.size()), message.substr(kBegin.size(), at - kBegin.size())};
    }
    return {};
}

std::string terminal_request(const RequestOutcome& outcome, const TerminalOptions& options) {
    const auto counts = check::count(outcome);
    const auto answer = outcome.skipped  ? std::string("skipped")
                        : outcome.answer ? fmt::format("{} {}, {} ms", outcome.answer->code, outcome.answer->status,
                                                       outcome.answer->time.count())
                                         : outcome.error + (outcome.presumed ? " (presumed)" : "");
    const bool good = counts.failed == 0 && outcome.script_errors.empty() && outcome.error.empty();
    std::string text =
        fmt::format("{} {} [{}] {}\n", terminal_text(outcome.method, false), terminal_text(full_name(outcome), false),
                    terminal_text(answer, false),
                    painted(fmt::format("{}/{} passed", counts.passed, counts.total), good ? kGreen : kRed, options));
    for (const auto& assertion : outcome.assertions)
        if (assertion.status == Status::failed) text += failure_text(assertion, options);
    for (const auto& error : outcome.script_errors) {
        text += fmt::format("  {} script: {}: {}{}\n", error.listen, terminal_text(error.kind, false),
                            terminal_text(error.message, false),
                            error.line == 0 ? "" : fmt::format(" (line {})", error.line));
    }
    for (const auto& name : outcome.unreached)
        text += "  " + painted("unreached: " + terminal_text(name, false), kYellow, options) + "\n";
    if (outcome.follows) text += fmt::format("  follows from request {}\n", *outcome.follows);
    for (const auto& line : outcome.console)
        text += fmt::format("  console.{}: {}\n", line.level, terminal_text(line.text, false));
    // Of what follows from an earlier failure the exchange says nothing new.
    if (!good && !outcome.follows) text += exchange_text(outcome, options);
    return text;
}

std::string terminal_summary(const SuiteRun& run, const TerminalOptions& options) {
    const auto counts = check::count(run.outcomes);
    const auto causes = check::causes_of(run.outcomes);
    std::string text =
        fmt::format("{} requests, {} assertions: {}, {}", run.outcomes.size(), counts.total,
                    painted(fmt::format("{} passed", counts.passed), kGreen, options),
                    painted(fmt::format("{} failed", counts.failed), counts.failed ? kRed : kDim, options));
    if (counts.skipped > 0) text += fmt::format(", {} skipped", counts.skipped);
    if (run.reach.unreached > 0)
        text += fmt::format(", {} of {} known unreached", run.reach.unreached, run.reach.known);
    text += "\n";
    if (causes.following_failures > 0)
        text += fmt::format("{} failures are root failures, {} follow from them\n", causes.root_failures,
                            causes.following_failures);
    for (const auto root : causes.roots) {
        const auto found = std::find_if(run.outcomes.begin(), run.outcomes.end(),
                                        [&](const RequestOutcome& each) { return each.sequence == root; });
        if (found != run.outcomes.end())
            text += fmt::format("  begins at request {}: {}\n", root, terminal_text(full_name(*found), false));
    }
    return text;
}

}  // namespace assay::report

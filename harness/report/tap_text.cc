#include "harness/report/tap_text.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "harness/report/curl.h"
#include "harness/report/plain_text.h"

namespace assay::report {

namespace {

// A description may hold no line break, and "#" would begin a directive.
std::string description(const std::string& text) {
    std::string out;
    for (const char c : terminal_text(text, false)) {
        if (c == '#' || c == '\\') out += '\\';
        out += c;
    }
    return out;
}

// JSON is YAML, on one line.
std::string quoted(const std::string& text) {
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

std::string tap_test(std::size_t number, const std::string& name, const TestLine& line,
                     const check::RequestOutcome* outcome) {
    std::string text = fmt::format("{} {} - {}{}\n", line.good() ? "ok" : "not ok", number, description(name),
                                   line.state == TestLine::State::skipped ? " # SKIP" : "");
    if (line.good()) return text;
    text += fmt::format("  ---\n  message: {}\n", quoted(line.message));
    if (line.state == TestLine::State::unreached) text += "  unreached: true\n";
    if (outcome != nullptr) {
        if (outcome->follows) text += fmt::format("  follows: {}\n", *outcome->follows);
        if (const auto command = curl_command(*outcome); !command.empty())
            text += fmt::format("  curl: {}\n", quoted(command));
    }
    return text + "  ...\n";
}

}  // namespace assay::report

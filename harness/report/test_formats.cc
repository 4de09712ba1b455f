#include "harness/report/test_formats.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "harness/collect/record.h"
#include "harness/report/ctrf_text.h"
#include "harness/report/curl.h"
#include "harness/report/tap_text.h"
#include "harness/report/test_lines.h"

namespace assay::report {
namespace {

using Json = nlohmann::ordered_json;

std::string dump(const auto& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace

std::string tap(const SuiteRun& run) {
    std::string text;
    std::size_t number = 0;
    for (const auto& outcome : run.outcomes) {
        for (const auto& line : lines_of(outcome))
            text += tap_test(++number, full_name(outcome) + ": " + line.name, line, &outcome);
    }
    return fmt::format("TAP version 14\n1..{}\n{}", number, text);
}

std::string ctrf(const SuiteRun& run, const std::string& version) {
    Json tests = Json::array();
    CtrfTally tally;
    for (const auto& outcome : run.outcomes)
        for (const auto& line : lines_of(outcome))
            tests.push_back(tally.test(full_name(outcome) + ": " + line.name, line, &outcome));
    const Json report = {{"reportFormat", "CTRF"},
                         {"specVersion", "0.0.0"},
                         {"results",
                          {{"tool", {{"name", "assay"}, {"version", version}}},
                           {"summary", tally.summary(run.started_ms, run.completed_ms)},
                           {"tests", std::move(tests)}}}};
    return ctrf_dump(report, 2) + "\n";
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

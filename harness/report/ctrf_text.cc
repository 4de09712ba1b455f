#include "harness/report/ctrf_text.h"

#include "harness/report/curl.h"

namespace assay::report {

using Json = nlohmann::ordered_json;

Json CtrfTally::test(const std::string& name, const TestLine& line, const check::RequestOutcome* outcome) {
    const char* status = "failed";
    switch (line.state) {
        case TestLine::State::passed: status = "passed", ++passed_; break;
        case TestLine::State::skipped: status = "skipped", ++skipped_; break;
        case TestLine::State::unreached: status = "other", ++other_; break;
        case TestLine::State::failed:
        case TestLine::State::error: ++failed_; break;
    }
    const bool answered = outcome != nullptr && outcome->answer;
    Json test = {{"name", name}, {"status", status}, {"duration", answered ? outcome->answer->time.count() : 0}};
    if (!line.message.empty()) test["message"] = line.message;
    if (outcome == nullptr) return test;
    Json extra = {{"request", outcome->sequence}, {"method", outcome->method}, {"url", outcome->url}};
    if (outcome->follows) extra["follows"] = *outcome->follows;
    if (line.state == TestLine::State::failed)
        if (const auto command = curl_command(*outcome); !command.empty()) extra["curl"] = command;
    test["extra"] = std::move(extra);
    return test;
}

Json CtrfTally::summary(std::int64_t started_ms, std::int64_t stopped_ms) const {
    return {{"tests", passed_ + failed_ + skipped_ + other_},
            {"passed", passed_},
            {"failed", failed_},
            {"skipped", skipped_},
            {"pending", 0},
            {"other", other_},
            {"start", started_ms},
            {"stop", stopped_ms}};
}

std::string ctrf_dump(const Json& value, int indent) {
    return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace assay::report

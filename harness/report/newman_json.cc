#include "harness/report/newman_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace assay::report {
namespace {

using Json = nlohmann::ordered_json;
using check::RequestOutcome;
using check::Status;

struct Stat {
    std::size_t total = 0, failed = 0;
    [[nodiscard]] Json json() const { return {{"total", total}, {"pending", 0}, {"failed", failed}}; }
};

// The name and the rest of "TypeError: x is undefined".
Json error_json(const std::string& kind, const std::string& message) { return {{"name", kind}, {"message", message}}; }

Json assertion_error(const check::Assertion& assertion, std::size_t index) {
    // Of a legacy test newman says what it expected of the value.
    const std::string message = assertion.message.empty() ? "expected false to be truthy" : assertion.message;
    return {{"name", "AssertionError"},
            {"index", index},
            {"test", assertion.name},
            {"message", message},
            {"stack", "AssertionError: " + message}};
}

Json request_error(const RequestOutcome& outcome) {
    Json error = {{"message", outcome.error}};
    const auto code = outcome.error.find("ECONN");
    if (code != std::string::npos) error["code"] = outcome.error.substr(code, outcome.error.find(' ', code) - code);
    return error;
}

Json item_json(const SuiteItem& item) {
    Json json = {{"id", item.id}, {"name", item.name}};
    if (!item.request_json.empty())
        json["request"] = Json::parse(item.request_json, nullptr, /*allow_exceptions=*/false);
    json["response"] = Json::array();
    return json;
}

Json response_json(const RequestOutcome& outcome) {
    Json headers = Json::array();
    for (const auto& [name, value] : outcome.exchange->response_headers)
        headers.push_back({{"key", name}, {"value", value}});
    Json bytes = Json::array();
    for (const char c : outcome.exchange->response_body) bytes.push_back(static_cast<unsigned char>(c));
    return {{"status", outcome.answer->status},
            {"code", outcome.answer->code},
            {"header", std::move(headers)},
            {"stream", {{"type", "Buffer"}, {"data", std::move(bytes)}}},
            {"cookie", Json::array()},
            {"responseTime", outcome.answer->time.count()},
            {"responseSize", outcome.answer->size}};
}

class Summary {
 public:
    explicit Summary(const SuiteRun& run) : run_(run) {
        iterations_.total = run.iterations;
        for (const RequestOutcome& outcome : run.outcomes) add(outcome);
    }

    [[nodiscard]] Json json() {
        Json items = Json::array();
        for (const auto& item : run_.items) items.push_back(item_json(item));
        const Json stats = {{"iterations", iterations_.json()},
                            {"items", items_.json()},
                            {"scripts", Stat{prerequest_scripts_.total + test_scripts_.total,
                                             prerequest_scripts_.failed + test_scripts_.failed}
                                            .json()},
                            {"prerequests", prerequests_.json()},
                            {"requests", requests_.json()},
                            {"tests", tests_.json()},
                            {"assertions", assertions_.json()},
                            {"testScripts", test_scripts_.json()},
                            {"prerequestScripts", prerequest_scripts_.json()}};
        return {{"collection", {{"info", {{"_postman_id", run_.id}, {"name", run_.name}}}, {"item", std::move(items)}}},
                {"run",
                 {{"stats", stats},
                  {"timings", timings()},
                  {"executions", std::move(executions_)},
                  {"transfers", {{"responseTotal", transferred_}}},
                  {"failures", std::move(failures_)},
                  {"error", nullptr}}}};
    }

 private:
    void add(const RequestOutcome& outcome) {
        static const SuiteItem kNone;
        const auto& item = outcome.position < run_.items.size() ? run_.items[outcome.position] : kNone;
        ++items_.total;
        ++prerequests_.total;
        prerequest_scripts_.total += item.prerequest_scripts;
        Json execution = {{"cursor", cursor(outcome)}, {"item", item_json(item)}};
        if (!outcome.skipped) add_exchange(outcome, item, execution);
        execution["id"] = item.id;
        Json assertions = Json::array();
        for (std::size_t index = 0; index < outcome.assertions.size(); ++index) {
            const auto& assertion = outcome.assertions[index];
            Json each = {{"assertion", assertion.name}, {"skipped", assertion.status == Status::skipped}};
            ++assertions_.total;
            if (assertion.status == Status::failed) {
                ++assertions_.failed;
                each["error"] = assertion_error(assertion, index);
                fail(each["error"], fmt::format("assertion:{} in test-script", index), outcome, item);
            }
            assertions.push_back(std::move(each));
        }
        if (!assertions.empty()) execution["assertions"] = std::move(assertions);
        for (const auto& error : outcome.script_errors) {
            const bool test = error.listen == "test";
            ++(test ? test_scripts_ : prerequest_scripts_).failed;
            const Json said = error_json(error.kind, error.message);
            execution[test ? "testScript" : "prerequestScript"].push_back({{"error", said}});
            fail(said, error.listen + "-script", outcome, item);
        }
        if (!outcome.skipped) executions_.push_back(std::move(execution));
    }

    void add_exchange(const RequestOutcome& outcome, const SuiteItem& item, Json& execution) {
        ++requests_.total;
        ++tests_.total;
        test_scripts_.total += item.test_scripts;
        if (outcome.exchange)
            execution["request"] = Json::parse(outcome.exchange->request_json, nullptr, /*allow_exceptions=*/false);
        if (outcome.answer) {
            transferred_ += outcome.answer->size;
            times_.push_back(static_cast<double>(outcome.answer->time.count()));
            if (outcome.exchange) execution["response"] = response_json(outcome);
        } else {
            ++requests_.failed;
            execution["requestError"] = request_error(outcome);
            fail(execution["requestError"], "request", outcome, item);
        }
    }

    void fail(const Json& error, const std::string& at, const RequestOutcome& outcome, const SuiteItem& item) {
        failures_.push_back({{"error", error}, {"at", at}, {"source", item_json(item)}, {"cursor", cursor(outcome)}});
    }

    [[nodiscard]] Json cursor(const RequestOutcome& outcome) const {
        return {{"position", outcome.position},
                {"iteration", outcome.iteration},
                {"length", run_.items.size()},
                {"cycles", run_.iterations}};
    }

    [[nodiscard]] Json timings() const {
        double sum = 0, squares = 0;
        for (const double time : times_) sum += time;
        const double mean = times_.empty() ? 0 : sum / static_cast<double>(times_.size());
        for (const double time : times_) squares += (time - mean) * (time - mean);
        const double deviation = times_.empty() ? 0 : std::sqrt(squares / static_cast<double>(times_.size()));
        const auto [least, most] = std::minmax_element(times_.begin(), times_.end());
        Json all = {{"responseAverage", mean},
                    {"responseMin", times_.empty() ? 0 : *least},
                    {"responseMax", times_.empty() ? 0 : *most},
                    {"responseSd", deviation}};
        for (const char* phase : {"dns", "firstByte"})
            for (const char* what : {"Average", "Min", "Max", "Sd"}) all[std::string(phase) + what] = 0;
        all["started"] = run_.started_ms;
        all["completed"] = run_.completed_ms;
        return all;
    }

    const SuiteRun& run_;
    Stat iterations_, items_, prerequests_, requests_, tests_, assertions_, test_scripts_, prerequest_scripts_;
    std::uint64_t transferred_ = 0;
    std::vector<double> times_;
    Json executions_ = Json::array(), failures_ = Json::array();
};

}  // namespace

std::string newman_json(const SuiteRun& run) {
    return Summary(run).json().dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace assay::report

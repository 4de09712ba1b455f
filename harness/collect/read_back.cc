#include "harness/collect/read_back.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace assay::collect {

using nlohmann::json;

namespace {

std::string text(const json& object, const char* key) {
    const auto found = object.find(key);
    return found == object.end() || found->is_null() ? std::string() : found->get<std::string>();
}

// A conversion of what does not fit would give any number.
template <typename T>
T whole(const json& value) {
    const bool fits = value.is_number_unsigned()
                          ? std::in_range<T>(value.get<std::uint64_t>())
                          : value.is_number_integer() && std::in_range<T>(value.get<std::int64_t>());
    if (!fits) throw json::out_of_range::create(406, "no whole number of the expected size", &value);
    return static_cast<T>(value.get<std::int64_t>());
}

std::uint32_t count(const json& object, const char* key) { return whole<std::uint32_t>(object.at(key)); }
std::uint32_t count_or_none(const json& object, const char* key) {
    return object.contains(key) ? count(object, key) : 0;
}

check::Counts counts_of(const json& counts) {
    return {count(counts, "total"), count(counts, "passed"), count(counts, "failed"), count_or_none(counts, "skipped")};
}

verify::Weight weight_of(const json& finding) {
    const std::string name = finding.value("weight", "breaks");
    for (const auto weight : {verify::Weight::supports, verify::Weight::forgiven})
        if (name == verify::name_of(weight)) return weight;
    return verify::Weight::breaks;
}

verify::RuleVerdict rule_of(const json& line) {
    verify::RuleVerdict rule;
    rule.rule = line.at("rule").get<std::string>();
    rule.applicable = true;
    rule.holds = line.at("holds").get<bool>();
    for (const json& finding : line.at("findings"))
        rule.findings.push_back({rule.rule, weight_of(finding), finding.at("file").get<std::string>(),
                                 count(finding, "line"), finding.at("message").get<std::string>(),
                                 text(finding, "evidence")});
    return rule;
}

Verdict verdict_of(const json& line) {
    Verdict verdict;
    const json& assertions = line.at("assertions");
    verdict.counts = counts_of(assertions);
    verdict.reach = {count_or_none(assertions, "known"), count_or_none(assertions, "unreached"),
                     count_or_none(assertions, "open_items")};
    if (const auto causes = line.find("causes"); causes != line.end()) {
        verdict.causes = {count(*causes, "root_failures"), count(*causes, "following_failures"), {}};
        for (const json& root : causes->at("roots")) verdict.causes.roots.push_back(whole<std::uint32_t>(root));
    }
    verdict.requests = count_or_none(line, "requests");
    verdict.presumed = count_or_none(line, "presumed_timeouts");
    verdict.cut_short = count_or_none(line, "scripts_cut_short");
    for (const json& rule : line.at("structure")) verdict.structure.push_back(rule_of(rule));
    return verdict;
}

check::Assertion assertion_of(const json& line) {
    const auto status = line.at("status").get<std::string>();
    check::Assertion assertion;
    assertion.name = line.at("name").get<std::string>();
    assertion.status = status == "passed"   ? check::Status::passed
                       : status == "failed" ? check::Status::failed
                                            : check::Status::skipped;
    assertion.message = text(line, "message");
    assertion.pre_request = line.value("pre_request", false);
    return assertion;
}

check::Exchange::Field field_of(const json& pair) {
    return {pair.at(0).get<std::string>(), pair.at(1).get<std::string>()};
}

std::shared_ptr<const check::Exchange> exchange_of(const json& line) {
    auto exchange = std::make_shared<check::Exchange>();
    exchange->sent_url = line.at("url").get<std::string>();
    const json& request = line.at("request");
    for (const json& pair : request.at("headers")) exchange->request_headers.push_back(field_of(pair));
    exchange->request_body = text(request, "body");
    // What was no UTF-8 is U+FFFD in the journal.
    exchange->request_cut =
        request.contains("omitted") || exchange->request_body.find("\xEF\xBF\xBD") != std::string::npos;
    if (const auto response = line.find("response"); response != line.end()) {
        for (const json& pair : response->at("headers")) exchange->response_headers.push_back(field_of(pair));
        exchange->response_body = text(*response, "body");
    }
    return exchange;
}

// Of JSON that has not the shape that record.h gives it. A run folder may have been edited, or be of another version.
tl::unexpected<Error> odd(const json::exception& error) {
    return fail("read journal", error.what(), "the run folder was changed, or is of another version of assay");
}

}  // namespace

Result<Record> record_of(const json& line) {
    try {
        Record record;
        record.id = line.at("id").get<std::string>();
        record.task = text(line, "task");
        record.framework = text(line, "framework");
        if (const auto level = line.find("level"); level != line.end() && !level->is_null())
            record.level = whole<int>(*level);
        if (const auto labels = line.find("labels"); labels != line.end())
            record.labels = labels->get<std::map<std::string, std::string>>();
        if (const auto verdict = line.find("verdict"); verdict != line.end()) {
            record.outcome = verdict_of(*verdict);
        } else {
            const json& fault = line.at("fault");
            record.outcome = runtime::Fault{fault.at("step").get<std::string>(), fault.at("reason").get<std::string>(),
                                            fault.at("retryable").get<bool>()};
        }
        if (const auto failure = line.find("failure"); failure != line.end())
            record.failure = Failure{text(*failure, "category"), text(*failure, "cause"), text(*failure, "summary"),
                                     text(*failure, "evidence")};
        return record;
    } catch (const json::exception& error) {
        return odd(error);
    }
}

Result<check::RequestOutcome> request_of(const json& event) {
    try {
        check::RequestOutcome outcome;
        outcome.sequence = count(event, "sequence");
        outcome.iteration = count_or_none(event, "iteration");
        outcome.item = text(event, "item");
        outcome.folder = text(event, "folder");
        outcome.method = text(event, "method");
        outcome.url = text(event, "url");
        if (const auto answer = event.find("answer"); answer != event.end())
            outcome.answer =
                check::Answer{count(*answer, "code"), "", Millis(whole<std::int32_t>(answer->at("time_ms"))),
                              whole<std::uint64_t>(answer->at("size")), count_or_none(*answer, "redirects")};
        outcome.error = text(event, "error");
        outcome.skipped = event.value("skipped", false);
        outcome.presumed = event.value("presumed", false);
        for (const json& line : event.at("assertions")) outcome.assertions.push_back(assertion_of(line));
        if (const auto names = event.find("unreached"); names != event.end())
            outcome.unreached = names->get<std::vector<std::string>>();
        if (const auto errors = event.find("script_errors"); errors != event.end())
            for (const json& line : *errors)
                outcome.script_errors.push_back(
                    {text(line, "listen"), text(line, "kind"), text(line, "message"), count_or_none(line, "line")});
        if (const auto step = event.find("follows"); step != event.end()) outcome.follows = whole<std::uint32_t>(*step);
        if (const auto step = event.find("root_cause"); step != event.end())
            outcome.root_cause = whole<std::uint32_t>(*step);
        if (const auto exchange = event.find("exchange"); exchange != event.end())
            outcome.exchange = exchange_of(*exchange);
        return outcome;
    } catch (const json::exception& error) {
        return odd(error);
    }
}

}  // namespace assay::collect

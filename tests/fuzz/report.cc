// What a server can make a run say, in every format of a suite's report: well-formed for any bytes.
//
// The input is cut at its zero bytes into the texts of two requests.
#include <libxml/parser.h>

#include <cstdint>
#include <nlohmann/json.hpp>

#include "harness/report/batch_formats.h"
#include "harness/report/curl.h"
#include "harness/report/junit.h"
#include "harness/report/newman_csv.h"
#include "harness/report/newman_json.h"
#include "harness/report/terminal.h"
#include "harness/report/test_formats.h"
#include "harness/root_cause.h"
#include "tests/fuzz/check.h"

namespace {

using namespace assay;
using namespace assay::report;
using check::Status;

class Texts {
 public:
    explicit Texts(std::string_view bytes) : rest_(bytes) {}
    std::string next() {
        const auto end = std::min(rest_.find('\0'), rest_.size());
        std::string text(rest_.substr(0, end));
        rest_.remove_prefix(std::min(end + 1, rest_.size()));
        return text;
    }

 private:
    std::string_view rest_;
};

check::RequestOutcome outcome(Texts& texts, std::uint32_t sequence) {
    check::RequestOutcome made;
    made.sequence = made.position = sequence;
    made.item = texts.next();
    made.folder = texts.next();
    made.method = texts.next();
    made.url = texts.next();
    made.assertions = {{texts.next(), Status::failed, texts.next(), false}, {texts.next(), Status::passed, "", false}};
    made.unreached = {texts.next()};
    const std::string status = texts.next();
    const auto code = static_cast<std::uint32_t>(status.size() * 37 % 600);
    if (code >= 100)
        made.answer = check::Answer{code, status, Millis(7), status.size(), code % 2};
    else
        made.error = status.empty() ? "connect ECONNREFUSED" : status;
    made.script_errors = {{"test", texts.next(), texts.next(), 3}};
    made.console = {{"log", texts.next()}};
    auto exchange = std::make_shared<check::Exchange>();
    exchange->sent_url = texts.next();
    exchange->request_json = R"({"method": "POST"})";
    exchange->request_headers = {{texts.next(), texts.next()}};
    exchange->request_body = texts.next();
    exchange->response_headers = {{texts.next(), texts.next()}};
    exchange->response_body = texts.next();
    made.exchange = std::move(exchange);
    return made;
}

void check_xml(const std::string& text) {
    xmlDoc* document = xmlReadMemory(text.data(), static_cast<int>(text.size()), nullptr, nullptr,
                                     XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_HUGE);
    FUZZ_CHECK(document != nullptr);
    xmlFreeDoc(document);
}

// Nothing that steers a terminal; a tab does not.
void check_printable(const std::string& text) {
    for (const char c : text) FUZZ_CHECK(c == '\n' || c == '\t' || static_cast<unsigned char>(c) >= 0x20);
}

void check_suite(const SuiteRun& run) {
    check_xml(junit_xml(run));
    FUZZ_CHECK(nlohmann::json::accept(ctrf(run, "1")));
    FUZZ_CHECK(nlohmann::json::accept(newman_json(run)));
    const std::string lines = ndjson(run);
    for (std::size_t at = 0; at < lines.size();) {
        const auto end = lines.find('\n', at);
        FUZZ_CHECK(end != std::string::npos && nlohmann::json::accept(lines.substr(at, end - at)));
        at = end + 1;
    }
    check_printable(tap(run));
    for (const auto& each : run.outcomes) {
        check_printable(terminal_request(each, {}));
        FUZZ_CHECK(curl_command(each).find('\n') == std::string::npos);
    }
    FUZZ_CHECK(!newman_csv(run.name, run.outcomes).empty());
}

void check_batch(const SuiteRun& run, const std::string& log) {
    BatchRun batch;
    batch.name = run.name;
    batch.version = "1";
    batch.manifest = nlohmann::json::object();
    Evaluated submission;
    submission.record.id = "a/b";
    submission.record.task = "t";
    collect::Verdict verdict;
    verdict.counts = check::count(run.outcomes);
    verify::RuleVerdict rule;
    rule.rule = "paper/orm";
    rule.applicable = true;
    rule.findings = {{rule.rule, verify::Weight::breaks, log.substr(0, 30), 1, log, log}};
    verdict.structure = {rule};
    submission.record.outcome = verdict;
    const auto cause = harness::root_cause(run.outcomes, log);
    FUZZ_CHECK(!cause.category.empty() && cause.example != nullptr);
    submission.record.failure = collect::Failure{cause.category, cause.cause, cause.summary, log};
    submission.requests = run.outcomes;
    batch.table.add(submission.record);
    const auto text = [&](const std::unique_ptr<BatchFormat>& format) {
        std::string all = format->begin(batch);
        all += format->add(submission);
        return all + format->end();
    };
    check_xml(text(junit_batch()));
    FUZZ_CHECK(nlohmann::json::accept(text(ctrf_batch())));
    FUZZ_CHECK(nlohmann::json::accept(text(sarif_batch())));
    check_printable(text(tap_batch()));
    FUZZ_CHECK(text(html_batch()).find("<script") == std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Texts texts(std::string_view(reinterpret_cast<const char*>(data), size));
    SuiteRun run;
    run.name = texts.next();
    run.items = {{"i1", texts.next(), R"({"method": "POST", "url": "{{B}}/x"})", 1, 1}, {"i2", "b", "", 0, 1}};
    run.outcomes.push_back(outcome(texts, 0));
    run.outcomes.push_back(outcome(texts, 1));
    run.outcomes[1].follows = run.outcomes[1].root_cause = 0;
    check_suite(run);
    check_batch(run, texts.next());
    return 0;
}

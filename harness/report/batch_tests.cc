// CTRF and TAP of a batch.
#include <fmt/format.h>

#include "harness/report/batch_formats.h"
#include "harness/report/ctrf_text.h"
#include "harness/report/suite_run.h"
#include "harness/report/tap_text.h"

namespace assay::report {

namespace {

using Json = nlohmann::ordered_json;

// The members of `results` are written in the order tool, tests, summary: only the end knows the counts.
class Ctrf : public BatchFormat {
 public:
    std::string begin(const BatchRun& run) override {
        started_ms_ = run.started_ms;
        stopped_ms_ = run.stopped_ms;
        const Json tool = {{"name", "assay"}, {"version", run.version}};
        return fmt::format(
            "{{\n\"reportFormat\": \"CTRF\",\n\"specVersion\": \"0.0.0\",\n\"results\": {{\n\"tool\": {},\n\"tests\": "
            "[",
            ctrf_dump(tool));
    }

    std::string add(const Evaluated& submission) override {
        const collect::Record& record = submission.record;
        std::string text;
        if (const auto* fault = record.fault()) {
            tally_.other();
            append(text,
                   {{"name", record.id + ": " + fault->step},
                    {"status", "other"},
                    {"duration", submission.stopped_ms - submission.started_ms},
                    {"message", fault->reason},
                    {"rawStatus", "fault"},
                    {"extra", {{"retryable", fault->retryable}}}},
                   {record.id});
        }
        for (const auto& outcome : submission.requests)
            for (const TestLine& line : lines_of(outcome))
                append(text, tally_.test(full_name(outcome) + ": " + line.name, line, &outcome),
                       {record.id, full_name(outcome)});
        if (const auto* verdict = record.verdict())
            for (const TestLine& line : lines_of(verdict->structure))
                append(text, tally_.test("structure: " + line.name, line, nullptr), {record.id, "structure"});
        return text;
    }

    std::string end() override {
        return fmt::format("\n],\n\"summary\": {}\n}}\n}}\n", ctrf_dump(tally_.summary(started_ms_, stopped_ms_)));
    }

 private:
    void append(std::string& text, Json test, const Json& suite) {
        test["suite"] = suite;
        text += (first_ ? "\n" : ",\n") + ctrf_dump(test);
        first_ = false;
    }

    CtrfTally tally_;
    bool first_ = true;
    std::int64_t started_ms_ = 0;
    std::int64_t stopped_ms_ = 0;
};

class Tap : public BatchFormat {
 public:
    std::string begin(const BatchRun&) override { return "TAP version 14\n"; }

    std::string add(const Evaluated& submission) override {
        const collect::Record& record = submission.record;
        std::string text;
        if (const auto* fault = record.fault())
            text += tap_test(++number_, record.id + ": fault: " + fault->step,
                             {"", TestLine::State::error, fault->reason}, nullptr);
        for (const auto& outcome : submission.requests)
            for (const TestLine& line : lines_of(outcome))
                text += tap_test(++number_, record.id + ": " + full_name(outcome) + ": " + line.name, line, &outcome);
        if (const auto* verdict = record.verdict())
            for (const TestLine& line : lines_of(verdict->structure))
                text += tap_test(++number_, record.id + ": structure: " + line.name, line, nullptr);
        return text;
    }

    std::string end() override { return fmt::format("1..{}\n", number_); }

 private:
    std::size_t number_ = 0;
};

}  // namespace

std::unique_ptr<BatchFormat> ctrf_batch() { return std::make_unique<Ctrf>(); }
std::unique_ptr<BatchFormat> tap_batch() { return std::make_unique<Tap>(); }

}  // namespace assay::report

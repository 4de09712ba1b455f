#include <fmt/format.h>

#include "harness/report/batch_formats.h"
#include "harness/report/junit_suite.h"
#include "harness/report/plain_text.h"
#include "harness/report/suite_run.h"

namespace assay::report {

namespace {

void add_properties(const collect::Record& record, JunitSuite& suite) {
    suite.property("task", record.task);
    suite.property("framework", record.framework);
    if (record.level >= 0) suite.property("level", std::to_string(record.level));
    for (const auto& [name, value] : record.labels) suite.property("label." + name, value);
    if (const auto* verdict = record.verdict()) {
        suite.property("strict_score", fmt::format("{:.6f}", verdict->strict_score()));
        suite.property("raw_score", fmt::format("{:.6f}", verdict->raw_score()));
        suite.property("succeeded", verdict->succeeded() ? "true" : "false");
    }
    if (!record.failure) return;
    suite.property("failure.category", record.failure->category);
    if (!record.failure->cause.empty()) suite.property("failure.cause", record.failure->cause);
}

class Junit : public BatchFormat {
 public:
    std::string begin(const BatchRun& run) override {
        return fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"{}\">\n",
                           xml_text(run.name));
    }

    std::string add(const Evaluated& submission) override {
        const collect::Record& record = submission.record;
        JunitSuite suite(record.id);
        suite.took(static_cast<double>(submission.stopped_ms - submission.started_ms) / 1000);
        add_properties(record, suite);
        if (const auto* fault = record.fault()) {
            const TestLine line{fault->step, TestLine::State::error, fault->reason};
            suite.add(line, record.id, "fault", 0, fault->retryable ? "can be tried again: --resume" : "");
        }
        for (const auto& outcome : submission.requests)
            suite.add(outcome, record.id + " / " + full_name(outcome), true);
        if (const auto* verdict = record.verdict())
            for (const TestLine& line : lines_of(verdict->structure))
                suite.add(line, record.id + " / structure", "RuleBroken", 0, line.message);
        if (record.failure) suite.output(record.failure->summary + "\n" + record.failure->evidence);
        return suite.text(submission.started_ms);
    }

    std::string end() override { return "</testsuites>\n"; }
};

}  // namespace

std::unique_ptr<BatchFormat> junit_batch() { return std::make_unique<Junit>(); }

}  // namespace assay::report

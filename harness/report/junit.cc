#include "harness/report/junit.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "harness/report/curl.h"
#include "harness/report/plain_text.h"

namespace assay::report {
namespace {

struct Tally {
    std::size_t tests = 0, failures = 0, errors = 0, skipped = 0;
    double seconds = 0;

    [[nodiscard]] std::string attributes() const {
        return fmt::format("tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{:.3f}\"", tests, failures,
                           errors, skipped, seconds);
    }
    Tally& operator+=(const Tally& other) {
        tests += other.tests;
        failures += other.failures;
        errors += other.errors;
        skipped += other.skipped;
        seconds += other.seconds;
        return *this;
    }
};

std::string timestamp(std::int64_t ms) {
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}", fmt::gmtime(static_cast<std::time_t>(ms / 1000)));
}

class Suite {
 public:
    explicit Suite(const check::RequestOutcome& outcome) : class_(xml_text(full_name(outcome))) {
        if (outcome.answer) tally_.seconds = static_cast<double>(outcome.answer->time.count()) / 1000;
        for (const auto& assertion : outcome.assertions) add(assertion, outcome);
        for (const auto& line : errors_of(outcome)) {
            const auto colon = line.find(": ");
            problem(line.substr(0, colon), "error", "error", line.substr(colon + 2));
        }
        for (const auto& name : outcome.unreached) problem(name, "error", "unreached", "the run did not come to it");
    }

    [[nodiscard]] std::string text(const check::RequestOutcome& outcome, std::int64_t started_ms) const {
        std::string text = fmt::format("  <testsuite name=\"{}\" timestamp=\"{}\" {}>\n", class_, timestamp(started_ms),
                                       tally_.attributes());
        text += cases_;
        if (const auto command = curl_command(outcome); !command.empty())
            text += fmt::format("    <system-out>{}</system-out>\n", xml_text(command));
        std::string console;
        for (const auto& line : outcome.console) console += line.level + ": " + line.text + "\n";
        if (!console.empty()) text += fmt::format("    <system-err>{}</system-err>\n", xml_text(console));
        return text + "  </testsuite>\n";
    }
    [[nodiscard]] const Tally& tally() const { return tally_; }

 private:
    void begin(const std::string& name) {
        ++tally_.tests;
        cases_ += fmt::format("    <testcase name=\"{}\" classname=\"{}\" time=\"{:.3f}\"", xml_text(name), class_,
                              tally_.seconds);
    }

    void add(const check::Assertion& assertion, const check::RequestOutcome& outcome) {
        if (assertion.status == check::Status::failed) {
            auto message = assertion.message.empty() ? std::string("not truthy") : assertion.message;
            auto detail = message;
            if (outcome.follows) detail += fmt::format("\nfollows from request {}", *outcome.follows);
            return problem(assertion.name, "failure", "AssertionFailure", message, detail);
        }
        begin(assertion.name);
        const bool skipped = assertion.status == check::Status::skipped;
        tally_.skipped += skipped ? 1 : 0;
        cases_ += skipped ? "><skipped/></testcase>\n" : "/>\n";
    }

    void problem(const std::string& name, const char* element, const char* type, const std::string& message,
                 const std::string& detail = {}) {
        begin(name);
        (std::string_view(element) == "failure" ? tally_.failures : tally_.errors) += 1;
        cases_ += fmt::format("><{} type=\"{}\" message=\"{}\">{}</{}></testcase>\n", element, type, xml_text(message),
                              xml_text(detail), element);
    }

    std::string class_;
    Tally tally_;
    std::string cases_;
};

}  // namespace

std::string junit_xml(const SuiteRun& run) {
    Tally all;
    std::string suites;
    for (const auto& outcome : run.outcomes) {
        const Suite suite(outcome);
        all += suite.tally();
        suites += suite.text(outcome, run.started_ms);
    }
    return fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"{}\" {}>\n{}</testsuites>\n",
                       xml_text(run.name), all.attributes(), suites);
}

}  // namespace assay::report

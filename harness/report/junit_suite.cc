#include "harness/report/junit_suite.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "harness/report/curl.h"
#include "harness/report/plain_text.h"

namespace assay::report {

namespace {

std::string timestamp(std::int64_t ms) {
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}", fmt::gmtime(static_cast<std::time_t>(ms / 1000)));
}

const char* type_of(TestLine::State state) {
    switch (state) {
        case TestLine::State::failed: return "AssertionFailure";
        case TestLine::State::unreached: return "unreached";
        default: return "error";
    }
}

}  // namespace

std::string JunitTally::attributes() const {
    return fmt::format("tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{:.3f}\"", tests, failures,
                       errors, skipped, seconds);
}

JunitTally& JunitTally::operator+=(const JunitTally& other) {
    tests += other.tests;
    failures += other.failures;
    errors += other.errors;
    skipped += other.skipped;
    seconds += other.seconds;
    return *this;
}

void JunitSuite::property(const std::string& name, const std::string& value) {
    properties_ += fmt::format("      <property name=\"{}\" value=\"{}\"/>\n", xml_text(name), xml_text(value));
}

void JunitSuite::add(const check::RequestOutcome& outcome, const std::string& class_name, bool commands) {
    const double seconds = outcome.answer ? static_cast<double>(outcome.answer->time.count()) / 1000 : 0;
    const std::string command = commands ? curl_command(outcome) : std::string();
    for (TestLine& line : lines_of(outcome)) {
        std::string detail;
        if (line.state == TestLine::State::failed) {
            if (line.message.empty()) line.message = "not truthy";
            detail = line.message;
            if (outcome.follows) detail += fmt::format("\nfollows from request {}", *outcome.follows);
            if (!command.empty()) detail += "\n" + command;
        }
        add(line, class_name, type_of(line.state), seconds, detail);
    }
}

void JunitSuite::add(const TestLine& line, const std::string& class_name, const char* type, double seconds,
                     const std::string& detail) {
    ++tally_.tests;
    cases_ += fmt::format("    <testcase name=\"{}\" classname=\"{}\" time=\"{:.3f}\"", xml_text(line.name),
                          xml_text(class_name), seconds);
    if (line.state == TestLine::State::passed) {
        cases_ += "/>\n";
    } else if (line.state == TestLine::State::skipped) {
        ++tally_.skipped;
        cases_ += "><skipped/></testcase>\n";
    } else {
        const bool failed = line.state == TestLine::State::failed;
        const char* element = failed ? "failure" : "error";
        ++(failed ? tally_.failures : tally_.errors);
        cases_ += fmt::format("><{} type=\"{}\" message=\"{}\">{}</{}></testcase>\n", element, type,
                              xml_text(line.message), xml_text(detail), element);
    }
}

std::string JunitSuite::text(std::int64_t started_ms) const {
    std::string text = fmt::format("  <testsuite name=\"{}\" timestamp=\"{}\" {}>\n", xml_text(name_),
                                   timestamp(started_ms), tally_.attributes());
    if (!properties_.empty()) text += "    <properties>\n" + properties_ + "    </properties>\n";
    text += cases_;
    if (!out_.empty()) text += fmt::format("    <system-out>{}</system-out>\n", xml_text(out_));
    if (!err_.empty()) text += fmt::format("    <system-err>{}</system-err>\n", xml_text(err_));
    return text + "  </testsuite>\n";
}

}  // namespace assay::report

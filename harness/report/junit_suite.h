// One testsuite of JUnit XML, of testcases that come one after the other.
//
// Shape: junit-10.xsd of Jenkins' xunit plugin, which GitLab's and pytest's readers take too.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "harness/report/test_lines.h"

namespace assay::report {

struct JunitTally {
    std::size_t tests = 0, failures = 0, errors = 0, skipped = 0;
    double seconds = 0;

    [[nodiscard]] std::string attributes() const;
    JunitTally& operator+=(const JunitTally& other);
};

class JunitSuite {
 public:
    explicit JunitSuite(std::string name) : name_(std::move(name)) {}

    void property(const std::string& name, const std::string& value);
    // Its assertions, errors, and what it did not come to; with `commands` the curl command in the text of a failure.
    void add(const check::RequestOutcome& outcome, const std::string& class_name, bool commands);
    // `type` is that of a failure or error.
    void add(const TestLine& line, const std::string& class_name, const char* type, double seconds,
             const std::string& detail);
    void output(const std::string& text) { out_ += text; }
    void console(const std::string& text) { err_ += text; }
    void took(double seconds) { tally_.seconds = seconds; }

    [[nodiscard]] std::string text(std::int64_t started_ms) const;
    [[nodiscard]] const JunitTally& tally() const { return tally_; }

 private:
    std::string name_;
    JunitTally tally_;
    std::string properties_, cases_, out_, err_;
};

}  // namespace assay::report

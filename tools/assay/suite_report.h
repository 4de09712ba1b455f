// What `assay suite run` prints and writes of a run, whatever kind of suite it is.
#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <string>
#include <vector>

#include "harness/report/suite_run.h"
#include "harness/report/terminal.h"
#include "harness/scenario.h"

namespace assay::tools {

struct ReportFlags {
    std::vector<std::string> reporters;
    std::map<std::string, std::string> exports;  // of a reporter, its file
    std::string color = "auto";
    bool quiet = false;
};

void add_report_flags(CLI::App& command, ReportFlags& flags);

// One run's reports. Data goes to stdout by the reporter `cli` alone.
class SuiteReport {
 public:
    // An error names the reporter that there is not.
    static Result<SuiteReport> open(const ReportFlags& flags, report::SuiteRun run);

    // How much of each exchange the reporters need.
    [[nodiscard]] harness::ScenarioOptions::Keep keep() const;
    void add(check::RequestOutcome outcome);
    // Writes the files and the summary. 0, or 1 when something failed: newman's exit codes.
    Result<int> finish(const harness::ScenarioRun& done, std::uint32_t iterations);
    [[nodiscard]] const report::SuiteRun& run() const { return run_; }

 private:
    report::SuiteRun run_;
    std::map<std::string, std::string> files_;  // reporter: file
    report::TerminalOptions look_;
    bool shows_ = true;
    bool quiet_ = false;
};

Result<void> write_text(const std::string& path, const std::string& text);

}  // namespace assay::tools

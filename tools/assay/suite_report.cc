#include "tools/assay/suite_report.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>

#include "harness/report/junit.h"
#include "harness/report/newman_csv.h"
#include "harness/report/newman_json.h"
#include "harness/report/test_formats.h"

namespace assay::tools {

namespace {

// The reporters that write a file: name, file name when none is given, what they write.
struct Reporter {
    const char* name;
    const char* file;
    std::string (*text)(const report::SuiteRun&);
};
const Reporter kReporters[] = {
    {"csv", "newman-run-report.csv", [](const auto& run) { return report::newman_csv(run.name, run.outcomes); }},
    {"json", "newman-run-report.json", report::newman_json},
    {"junit", "newman-run-report.xml", report::junit_xml},
    {"tap", "assay-run-report.tap", report::tap},
    {"ctrf", "ctrf-report.json", [](const auto& run) { return report::ctrf(run, ASSAY_VERSION); }},
    {"ndjson", "assay-run-report.ndjson", report::ndjson},
};

// Reporters by newman's names, each with its file; one that has a file is on. Data goes to stdout only by `cli`.
Result<std::map<std::string, std::string>> chosen(const ReportFlags& given) {
    std::map<std::string, std::string> files;
    for (const auto& name : given.reporters) {
        if (name == "cli") continue;
        const auto known = std::find_if(std::begin(kReporters), std::end(kReporters),
                                        [&](const auto& each) { return name == each.name; });
        if (known == std::end(kReporters))
            return fail("--reporters", "\"" + name + "\"", "take some of cli, csv, json, junit, tap, ctrf, ndjson");
        files[name] = known->file;
    }
    for (const auto& [name, file] : given.exports)
        if (!file.empty()) files[name] = file;
    return files;
}

std::int64_t now_ms() {
    using std::chrono::system_clock;
    return std::chrono::duration_cast<Millis>(system_clock::now().time_since_epoch()).count();
}

}  // namespace

Result<void> write_text(const std::string& path, const std::string& text) {
    std::ofstream out(path, std::ios::binary);
    out << text;
    if (!out.flush()) return fail("write report", path, "check the folder and its permissions");
    return {};
}

void add_report_flags(CLI::App& command, ReportFlags& flags) {
    command.add_option("-r,--reporters", flags.reporters, "cli, csv, json, junit, tap, ctrf, ndjson (default: cli)")
        ->delimiter(',')
        ->allow_extra_args(false);
    for (const auto& reporter : kReporters) {
        const std::string name = reporter.name;
        // --reporter-csv is the older name of this program.
        const std::string names = "--reporter-" + name + "-export" + (name == "csv" ? ",--reporter-csv" : "");
        command.add_option(names, flags.exports[name], "Write the " + name + " report to this file");
    }
    command.add_option("--color", flags.color, "Colours of the terminal report")
        ->check(CLI::IsMember({"auto", "on", "off"}))
        ->capture_default_str();
    command.add_flag("--quiet", flags.quiet, "Print the last line only");
}

Result<SuiteReport> SuiteReport::open(const ReportFlags& flags, report::SuiteRun run) {
    SuiteReport made;
    ASSAY_TRY(made.files_, chosen(flags));
    const auto& names = flags.reporters;
    made.quiet_ = flags.quiet;
    made.shows_ = !flags.quiet && (names.empty() || std::find(names.begin(), names.end(), "cli") != names.end());
    made.look_.colour = flags.color == "on" || (flags.color == "auto" && ::isatty(STDOUT_FILENO) != 0);
    made.run_ = std::move(run);
    made.run_.started_ms = now_ms();
    return made;
}

harness::ScenarioOptions::Keep SuiteReport::keep() const {
    using Keep = harness::ScenarioOptions::Keep;
    if (files_.contains("json") || files_.contains("ndjson")) return Keep::all;
    return shows_ || !files_.empty() ? Keep::failed : Keep::none;
}

void SuiteReport::add(check::RequestOutcome outcome) {
    if (shows_) fmt::print("{}", report::terminal_request(outcome, look_));
    run_.outcomes.push_back(std::move(outcome));
}

Result<int> SuiteReport::finish(const harness::ScenarioRun& done, std::uint32_t iterations) {
    run_.completed_ms = now_ms();
    run_.reach = done.reach;
    run_.iterations = std::max<std::uint32_t>(iterations, 1);
    for (const auto& reporter : kReporters) {
        if (const auto file = files_.find(reporter.name); file != files_.end())
            ASSAY_CHECK(write_text(file->second, reporter.text(run_)));
    }
    if (quiet_ || shows_) {
        fmt::print("{}", report::terminal_summary(run_, look_));
        fmt::print("{} failed requests, {} presumed; {}, {} in scripts\n", done.failed_requests, done.presumed,
                   format_duration(done.elapsed), format_duration(done.in_scripts));
    }
    return done.counts.failed + done.failed_requests + done.script_errors == 0 ? 0 : 1;
}

}  // namespace assay::tools

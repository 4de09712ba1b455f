// assay suite run: one collection against any URL, with newman's options by newman's names.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <fstream>
#include <iterator>
#include <map>

#include "harness/http/connectors.h"
#include "harness/report/junit.h"
#include "harness/report/newman_csv.h"
#include "harness/report/newman_json.h"
#include "harness/report/terminal.h"
#include "harness/report/test_formats.h"
#include "harness/scenario.h"
#include "harness/suite/postman.h"
#include "tools/assay/commands.h"

namespace assay::tools {

namespace {

struct SuiteOptions {
    std::string file;
    std::string base_url;
    std::vector<std::string> global_vars;
    std::vector<std::string> env_vars;
    std::string environment;
    std::string globals;
    std::string data;
    std::uint32_t iterations = 0;
    std::vector<std::string> folders;
    std::uint32_t timeout_request = 0;
    std::uint32_t timeout_script = 5000;
    std::uint32_t timeouts_in_a_row = 0;
    std::uint32_t delay = 0;
    bool bail = false;
    bool ignore_redirects = false;
    bool insecure = false;
    std::string working_dir;
    std::vector<std::string> reporters;
    std::map<std::string, std::string> exports;  // of a reporter, its file
    std::string assertions_export;
    std::string color = "auto";
    bool quiet = false;
};

Result<std::pair<std::string, std::string>> assignment(const std::string& option, const std::string& text) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
        return fail(option, "\"" + text + "\"", "write it as name=value");
    }
    return std::pair{text.substr(0, equals), text.substr(equals + 1)};
}

Result<harness::ScenarioOptions> scenario_options(const SuiteOptions& given) {
    harness::ScenarioOptions options;
    options.timeout_request = Millis(given.timeout_request);
    options.timeout_script = Millis(given.timeout_script);
    options.timeouts_in_a_row = given.timeouts_in_a_row;
    options.delay = Millis(given.delay);
    options.iterations = given.iterations;
    options.folders = given.folders;
    options.bail = given.bail;
    options.follow_redirects = !given.ignore_redirects;
    options.verify_certificate = !given.insecure;
    options.working_dir = given.working_dir;
    for (const auto& text : given.global_vars) {
        ASSAY_TRY(auto variable, assignment("--global-var", text));
        options.globals.push_back(std::move(variable));
    }
    for (const auto& text : given.env_vars) {
        ASSAY_TRY(auto variable, assignment("--env-var", text));
        options.environment.push_back(std::move(variable));
    }
    if (!given.base_url.empty()) options.globals.emplace_back("APIURL", given.base_url);
    if (!given.environment.empty()) {
        ASSAY_TRY(options.environment_file, suite::load_scope(given.environment));
    }
    if (!given.globals.empty()) {
        ASSAY_TRY(options.globals_file, suite::load_scope(given.globals));
    }
    if (!given.data.empty()) {
        ASSAY_TRY(options.data, suite::load_data(given.data));
    }
    return options;
}

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

Result<void> write_text(const std::string& path, const std::string& text) {
    std::ofstream out(path, std::ios::binary);
    out << text;
    if (!out.flush()) return fail("write report", path, "check the folder and its permissions");
    return {};
}

// Reporters by newman's names, each with its file; one that has a file is on. Data goes to stdout only by `cli`.
Result<std::map<std::string, std::string>> chosen(const SuiteOptions& given) {
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

report::SuiteRun suite_run(const suite::Suite& suite) {
    report::SuiteRun run;
    run.id = suite.id;
    run.name = suite.name;
    for (const auto& item : suite.items)
        run.items.push_back({item.id, item.name, suite::request_json(item.request),
                             static_cast<std::uint32_t>(item.prerequest.size()),
                             static_cast<std::uint32_t>(item.test.size())});
    return run;
}

std::int64_t now_ms() {
    using std::chrono::system_clock;
    return std::chrono::duration_cast<Millis>(system_clock::now().time_since_epoch()).count();
}

Result<int> run(const SuiteOptions& given) {
    ASSAY_TRY(auto options, scenario_options(given));
    ASSAY_TRY(const auto files, chosen(given));
    const bool shows =
        !given.quiet && (given.reporters.empty() ||
                         std::find(given.reporters.begin(), given.reporters.end(), "cli") != given.reporters.end());
    using Keep = harness::ScenarioOptions::Keep;
    const bool whole = files.contains("json") || files.contains("ndjson");
    options.keep = whole ? Keep::all : shows || !files.empty() ? Keep::failed : Keep::none;
    ASSAY_TRY(auto platform, script::Platform::create());
    harness::Suites suites(platform);
    ASSAY_TRY(const auto suite, suites.load(given.file));
    ASSAY_TRY(const auto engine, script::Engine::create(platform));
    boost::asio::io_context lane(1);
    http::HostConnector connector(lane.get_executor());
    report::TerminalOptions look;
    look.colour = given.color == "on" || (given.color == "auto" && ::isatty(STDOUT_FILENO) != 0);
    report::SuiteRun told = suite_run(suite->suite);
    told.started_ms = now_ms();
    const auto sink = [&](check::RequestOutcome outcome) {
        if (shows) fmt::print("{}", report::terminal_request(outcome, look));
        told.outcomes.push_back(std::move(outcome));
    };
    harness::ScenarioRun done;
    std::exception_ptr failure;
    boost::asio::co_spawn(lane, harness::run_scenario(*suite, *engine, connector, options, sink),
                          [&](std::exception_ptr thrown, harness::ScenarioRun result) {
                              failure = thrown;
                              done = std::move(result);
                          });
    lane.run();
    if (failure) std::rethrow_exception(failure);
    if (done.fault) return tl::unexpected(*done.fault);
    told.completed_ms = now_ms();
    told.reach = done.reach;
    told.iterations = std::max<std::uint32_t>(
        options.iterations != 0 ? options.iterations : static_cast<std::uint32_t>(options.data.size()), 1);
    for (const auto& reporter : kReporters) {
        if (const auto file = files.find(reporter.name); file != files.end())
            ASSAY_CHECK(write_text(file->second, reporter.text(told)));
    }
    if (!given.assertions_export.empty()) {
        ASSAY_TRY(const std::string reference, harness::write_reference(suite->suite, told.outcomes));
        ASSAY_CHECK(write_text(given.assertions_export, reference));
    }
    if (given.quiet || shows) {
        fmt::print("{}", report::terminal_summary(told, look));
        fmt::print("{} failed requests, {} presumed; {}, {} in scripts\n", done.failed_requests, done.presumed,
                   format_duration(done.elapsed), format_duration(done.in_scripts));
    }
    return done.counts.failed + done.failed_requests + done.script_errors == 0 ? 0 : 1;
}

}  // namespace

void add_suite(CLI::App& app, int& exit_code) {
    CLI::App* suite = app.add_subcommand("suite", "Postman collections, without a batch");
    suite->require_subcommand(1);
    CLI::App* run_command = suite->add_subcommand("run", "Run a collection against a server, as newman does");
    auto given = std::make_shared<SuiteOptions>();
    run_command->add_option("FILE", given->file, "Postman collection, v2.1")->required()->check(CLI::ExistingFile);
    run_command->add_option("--base-url", given->base_url, "The same as --global-var APIURL=...");
    run_command->add_option("--global-var", given->global_vars, "A global variable: name=value")
        ->allow_extra_args(false);
    run_command->add_option("--env-var", given->env_vars, "An environment variable: name=value")
        ->allow_extra_args(false);
    run_command->add_option("-e,--environment", given->environment, "Environment file")->check(CLI::ExistingFile);
    run_command->add_option("-g,--globals", given->globals, "Globals file")->check(CLI::ExistingFile);
    run_command->add_option("-d,--iteration-data", given->data, "Data of the iterations, CSV or JSON")
        ->check(CLI::ExistingFile);
    run_command->add_option("-n,--iteration-count", given->iterations, "Iterations (default: one a row of data)");
    run_command->add_option("--folder", given->folders, "Only this folder or request; may be repeated")
        ->allow_extra_args(false);
    run_command->add_option("--timeout-request", given->timeout_request, "Idle time of one request, in ms; 0 = none")
        ->capture_default_str();
    run_command->add_option("--timeout-script", given->timeout_script, "Time of one script, in ms; 0 = none")
        ->capture_default_str();
    run_command
        ->add_option("--timeouts-in-a-row", given->timeouts_in_a_row,
                     "After so many the remaining requests fail at once; 0 = never")
        ->capture_default_str();
    run_command->add_option("--delay-request", given->delay, "Wait before each request, in ms")->capture_default_str();
    run_command->add_flag("--bail", given->bail, "End at the first failure");
    run_command->add_flag("--ignore-redirects", given->ignore_redirects, "Take a redirect as the answer");
    run_command->add_flag("-k,--insecure", given->insecure, "Accept any certificate");
    run_command->add_option("--working-dir", given->working_dir, "Where the files that bodies name are")
        ->check(CLI::ExistingDirectory);
    run_command
        ->add_option("-r,--reporters", given->reporters, "cli, csv, json, junit, tap, ctrf, ndjson (default: cli)")
        ->delimiter(',')
        ->allow_extra_args(false);
    for (const auto& reporter : kReporters) {
        const std::string name = reporter.name;
        // --reporter-csv is the older name of this program.
        const std::string flags = "--reporter-" + name + "-export" + (name == "csv" ? ",--reporter-csv" : "");
        run_command->add_option(flags, given->exports[name], "Write the " + name + " report to this file");
    }
    run_command->add_option("--assertions-export", given->assertions_export,
                            "Write the reference of known assertions; every assertion must have passed");
    run_command->add_option("--color", given->color, "Colours of the terminal report")
        ->check(CLI::IsMember({"auto", "on", "off"}))
        ->capture_default_str();
    run_command->add_flag("--quiet", given->quiet, "Print the last line only");
    run_command->callback([given, &exit_code] {
        const auto code = run(*given);
        if (!code) fmt::print(stderr, "assay: {}\n", code.error().to_string());
        exit_code = code ? *code : 2;
    });
}

}  // namespace assay::tools

// assay suite run: one collection against any URL, with newman's options by newman's names.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "harness/http/connectors.h"
#include "harness/parallel.h"
#include "harness/partition.h"
#include "harness/scenario.h"
#include "harness/suite/postman.h"
#include "tools/assay/commands.h"
#include "tools/assay/suite_hurl.h"
#include "tools/assay/suite_report.h"

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
    bool complete_sandbox = false;
    std::string assertions_export;
    unsigned parallel = 1;
    ReportFlags report;
    HurlFlags hurl;
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

report::SuiteRun suite_run(const harness::HurlSuite& suite) {
    report::SuiteRun run;
    run.id = run.name = suite.name;
    for (const auto& file : suite.files)
        for (const auto& entry : file->file.entries) {
            suite::Request request;
            request.method = entry.request.method;
            request.url = suite::parse_url(entry.line.substr(entry.request.method.size() + 1));
            run.items.push_back(
                {fmt::format("{}:{}", file->file.file, entry.at.line), entry.name, suite::request_json(request), 0, 0});
        }
    return run;
}

// Runs `scenario` on a lane of its own, to its end.
harness::ScenarioRun run_on_lane(boost::asio::io_context& lane, http::Awaitable<harness::ScenarioRun> scenario) {
    harness::ScenarioRun done;
    std::exception_ptr failure;
    boost::asio::co_spawn(lane, std::move(scenario), [&](std::exception_ptr thrown, harness::ScenarioRun result) {
        failure = std::move(thrown);
        done = std::move(result);
    });
    lane.run();
    if (failure) std::rethrow_exception(failure);
    return done;
}

Result<int> run_hurl(const SuiteOptions& given) {
    ASSAY_TRY(auto options, hurl_options(given.hurl, given.base_url));
    options.timeout_request = Millis(given.timeout_request);
    options.timeouts_in_a_row = given.timeouts_in_a_row;
    options.bail = given.bail;
    options.entry.insecure = given.insecure;
    ASSAY_TRY(const auto suite, harness::load_hurl_suite(given.file));
    ASSAY_TRY(SuiteReport report, SuiteReport::open(given.report, suite_run(*suite)));
    options.keep = report.keep();
    boost::asio::io_context lane(1);
    http::HostConnector connector(lane.get_executor());
    const auto sink = [&](check::RequestOutcome outcome) { report.add(std::move(outcome)); };
    const auto done =
        run_on_lane(lane, given.parallel > 1 ? harness::run_files(*suite, connector, options, given.parallel, sink)
                                             : harness::run_hurl(*suite, connector, options, sink));
    return report.finish(done, 1);
}

// The parts of the collection that --parallel may run beside each other; says what stays together, and why.
Result<std::vector<std::vector<std::size_t>>> parts_of(const suite::Suite& suite,
                                                       const harness::ScenarioOptions& options) {
    ASSAY_TRY(const auto items, harness::selected_items(suite, options.folders));
    auto partition = harness::partition(suite, items, options.rounds());
    for (const auto& why : partition.reasons) fmt::print(stderr, "assay: --parallel: in sequence: {}\n", why);
    if (partition.parts.size() <= 1)
        fmt::print(stderr, "assay: --parallel: nothing in {} can run beside anything else\n", suite.name);
    std::vector<std::vector<std::size_t>> parts;
    for (auto& part : partition.parts) parts.push_back(std::move(part.items));
    return parts;
}

Result<int> run_collection(const SuiteOptions& given) {
    ASSAY_TRY(auto options, scenario_options(given));
    ASSAY_TRY(auto platform, script::Platform::create(given.complete_sandbox ? script::Sandbox::complete
                                                                             : script::Sandbox::automatic));
    harness::Suites suites(platform);
    ASSAY_TRY(const auto suite, suites.load_collection(given.file));
    ASSAY_TRY(SuiteReport report, SuiteReport::open(given.report, suite_run(suite->suite)));
    options.keep = report.keep();
    ASSAY_TRY(const auto engine, script::Engine::create(platform));
    boost::asio::io_context lane(1);
    http::HostConnector connector(lane.get_executor());
    const auto sink = [&](check::RequestOutcome outcome) { report.add(std::move(outcome)); };
    std::vector<std::vector<std::size_t>> parts;
    if (given.parallel > 1) {
        ASSAY_TRY(parts, parts_of(suite->suite, options));
    }
    const auto done = run_on_lane(
        lane, parts.size() > 1
                  ? harness::run_parts(*suite, *engine, connector, options, std::move(parts), given.parallel, sink)
                  : harness::run_scenario(*suite, *engine, connector, options, sink));
    if (done.fault) return tl::unexpected(*done.fault);
    if (!given.assertions_export.empty()) {
        ASSAY_TRY(const std::string reference, harness::write_reference(suite->suite, report.run().outcomes));
        ASSAY_CHECK(write_text(given.assertions_export, reference));
    }
    return report.finish(done, options.rounds());
}

}  // namespace

void add_suite(CLI::App& app, int& exit_code) {
    CLI::App* suite = app.add_subcommand("suite", "Postman collections and Hurl files, without a batch");
    suite->require_subcommand(1);
    CLI::App* run_command = suite->add_subcommand("run", "Run a collection as newman does, or Hurl files as hurl does");
    auto given = std::make_shared<SuiteOptions>();
    run_command->add_option("FILE", given->file, "Postman collection (v2.1), Hurl file, or folder of Hurl files")
        ->required()
        ->check(CLI::ExistingPath);
    run_command->add_option("--base-url", given->base_url,
                            "The same as --global-var APIURL=...; for Hurl also the variable host");
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
    auto* bail = run_command->add_flag("--bail", given->bail, "End at the first failure");
    run_command
        ->add_option("--parallel", given->parallel,
                     "Independent top-level folders, or Hurl files: so many at once, each with its own variables")
        ->check(CLI::Range(1u, 1000u))
        ->excludes(bail);
    run_command->add_flag("--ignore-redirects", given->ignore_redirects, "Take a redirect as the answer");
    run_command->add_flag("-k,--insecure", given->insecure, "Accept any certificate");
    run_command->add_option("--working-dir", given->working_dir, "Where the files that bodies name are")
        ->check(CLI::ExistingDirectory);
    add_report_flags(*run_command, given->report);
    run_command->add_option("--assertions-export", given->assertions_export,
                            "Write the reference of known assertions; every assertion must have passed");
    add_hurl_flags(*run_command, given->hurl);
    run_command->add_flag("--complete-sandbox", given->complete_sandbox,
                          "Run scripts in newman's own sandbox even where the small, faster one suffices");
    run_command->callback([given, &exit_code] {
        const auto code = harness::is_hurl(given->file) ? run_hurl(*given) : run_collection(*given);
        if (!code) fmt::print(stderr, "assay: {}\n", code.error().to_string());
        exit_code = code ? *code : 2;
    });
}

}  // namespace assay::tools

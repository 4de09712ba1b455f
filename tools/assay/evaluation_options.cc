#include "tools/assay/evaluation_options.h"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <cmath>
#include <ctime>
#include <map>
#include <nlohmann/json.hpp>

#include "images/catalog.h"
#include "tools/assay/environment.h"

namespace assay::tools {

namespace {

void add_limits(CLI::App& command, EvaluationOptions& options) {
    command.add_option("--timeout-request", options.timeout_request, "Idle time of one request, in ms; 0 = none")
        ->capture_default_str();
    command.add_option("--timeout-script", options.timeout_script, "Time of one script, in ms; 0 = none")
        ->capture_default_str();
    command
        .add_option("--timeouts-in-a-row", options.timeouts_in_a_row,
                    "After so many the remaining requests fail at once; 0 = never")
        ->capture_default_str();
    command.add_option("--ready-timeout", options.ready_timeout, "Seconds that a server has to become ready")
        ->check(CLI::Range(0.0, 3600.0))
        ->capture_default_str();
    command.add_option("--wall-time", options.wall_time, "Seconds that one server may run; 0 = no limit")
        ->capture_default_str()
        ->check(CLI::Range(0.0, 1e6));
    command.add_option("--memory", options.memory, "Memory of one server; 0 = no limit")->capture_default_str();
    command.add_option("--disk", options.disk, "Bound of one server's writable files")->capture_default_str();
    command
        .add_option("--output-limit", options.output_limit,
                    "Bytes that one server may write to its standard output and error; 0 = no limit")
        ->type_name("SIZE")
        ->capture_default_str();
    command.add_option("--pids", options.processes, "Processes of one server; 0 = no limit")->capture_default_str();
}

std::string new_run_name() {
    const std::time_t now = std::time(nullptr);
    std::tm utc{};
    ::gmtime_r(&now, &utc);
    char text[32];
    std::strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &utc);
    return fmt::format("{}-{}", text, ::getpid());
}

}  // namespace

void add_evaluation_options(CLI::App& command, EvaluationOptions& options, const std::string& tasks) {
    command.add_option("-o,--output", options.output, "Run folder (default: one below the state folder)");
    command.add_flag("--resume", options.resume, "Continue the run in -o: what has a verdict is not run again");
    command.add_option("--jobs", options.jobs, "Submissions in work at once: auto or a number")->capture_default_str();
    add_batch_input(command, options, "", tasks);
    command.add_option("--image", options.image, "Run every submission in this image, instead of its task's");
    command.add_option("--verify", options.verify, "Structural verification")
        ->check(CLI::IsMember({"paper", "off"}))
        ->capture_default_str();
    add_limits(command, options);
    command.add_flag("--log-statements", options.statements,
                     "PostgreSQL logs every statement: logs/<submission>/postgres.log");
    command.add_flag("--newman-csv", options.newman_csv, "Write logs/<submission>/newman-run-report.csv");
    command.add_flag("--offline", options.offline, "Build no dependency layer: a missing one is a fault");
}

Result<harness::Policy> read_policy(const EvaluationOptions& options) {
    harness::Policy policy;
    policy.verify = options.verify == "paper";
    policy.timeout_request = Millis(options.timeout_request);
    policy.timeout_script = Millis(options.timeout_script);
    policy.timeouts_in_a_row = options.timeouts_in_a_row;
    policy.ready_timeout = Millis(static_cast<std::int64_t>(options.ready_timeout * 1000));
    policy.statements = options.statements;
    policy.newman_csv = options.newman_csv;
    policy.warm = options.warm();
    policy.suite = options.suite;
    policy.globals = {{"USERNAME", "user"}, {"EMAIL", "user@mail.com"}, {"PASSWORD", "password"}};
    ASSAY_TRY(policy.limits.memory, parse_bytes(options.memory));
    ASSAY_TRY(policy.limits.disk, parse_bytes(options.disk));
    policy.limits.processes = options.processes;
    ASSAY_TRY(policy.output, parse_bytes(options.output_limit));
    // An answer that comes byte by byte never idles for long: without this a server could hold its place for ever.
    policy.limits.wall_time = std::chrono::seconds(static_cast<std::int64_t>(std::ceil(options.wall_time)));
    return policy;
}

Result<runtime::Capacity> read_jobs(const std::string& jobs, Bytes services) {
    // Memory that one submission in work is assumed to need: a server, its work tree, its client.
    constexpr Bytes kMemoryEach = 160_MiB;
    if (jobs == "auto") return runtime::Capacity::automatic(Bytes{kMemoryEach.count + services.count});
    std::uint32_t count = 0;
    auto [end, error] = std::from_chars(jobs.data(), jobs.data() + jobs.size(), count);
    if (error != std::errc{} || end != jobs.data() + jobs.size() || count == 0 || count > 4096)
        return fail("read --jobs", jobs, "give auto, or a number from 1 to 4096");
    return runtime::Capacity::fixed(count);
}

std::string run_folder(const EvaluationOptions& options) {
    return options.output.empty() ? state_folder() + "/runs/" + new_run_name() : options.output;
}

nlohmann::json describe(const EvaluationOptions& options) {
    char host[256] = "";
    (void)::gethostname(host, sizeof host - 1);
    return {{"assay", ASSAY_VERSION},
            {"jobs", options.jobs},
            {"verify", options.verify},
            {"start", options.start},
            {"suite", options.suite},
            {"timeout_request_ms", options.timeout_request},
            {"timeout_script_ms", options.timeout_script},
            {"timeouts_in_a_row", options.timeouts_in_a_row},
            {"ready_timeout_s", options.ready_timeout},
            {"wall_time_s", options.wall_time},
            {"memory", options.memory},
            {"disk", options.disk},
            {"output_limit", options.output_limit},
            {"log_statements", options.statements},
            {"processes", options.processes},
            {"started", static_cast<std::int64_t>(std::time(nullptr))},
            {"host", host}};
}

Result<harness::ServiceRecipes> service_recipes() {
    harness::ServiceRecipes services;
    for (const std::string& name : images::recipe_names()) {
        ASSAY_TRY(images::Recipe recipe, images::find_recipe(name));
        if (recipe.service) services.emplace(name, std::make_shared<const images::Recipe>(std::move(recipe)));
    }
    return services;
}

void put_in_image(std::vector<batch::Submission>& submissions, const std::string& image) {
    std::map<const batch::Task*, std::shared_ptr<const batch::Task>> moved;
    for (auto& submission : submissions) {
        auto& task = moved[submission.task.get()];
        if (!task) {
            auto copy = std::make_shared<batch::Task>(*submission.task);
            copy->image = image;
            task = std::move(copy);
        }
        submission.task = task;
    }
}

}  // namespace assay::tools

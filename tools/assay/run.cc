// assay run: a batch from its files to its table.

#include <fmt/format.h>
#include <fnmatch.h>
#include <unistd.h>

#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <ctime>
#include <nlohmann/json.hpp>
#include <set>

#include "harness/batch/read.h"
#include "harness/evaluate.h"
#include "harness/report/progress.h"
#include "harness/report/table.h"
#include "tools/assay/commands.h"
#include "tools/assay/environment.h"

namespace assay::tools {

namespace {

using nlohmann::json;

struct Options {
    std::string batch;
    std::string output;
    std::string jobs = "auto";
    std::string filter;
    std::string suite;
    std::string tasks;
    std::string verify = "paper";
    std::string progress = "auto";
    std::string memory = "1G";
    std::string disk = "256M";
    std::uint32_t processes = 256;
    std::uint32_t repeat = 1;
    std::uint64_t timeout_request = 10000;
    std::uint64_t timeout_script = 5000;
    std::uint32_t timeouts_in_a_row = 3;
    double ready_timeout = 25;
    bool newman_csv = false;
    bool offline = false;
    bool resume = false;
};

// What is resolved of a batch before anything is executed.
struct Plan {
    harness::Policy policy;
    runtime::Capacity capacity;
    std::string folder;
    std::vector<batch::Submission> submissions;
    std::vector<batch::EntryError> bad;
    std::size_t done_before = 0;
    report::ProgressKind progress;
};

// Memory that one submission in work is assumed to need, for --jobs auto: a server, its work tree, its client.
constexpr Bytes kMemoryEach = 160_MiB;

std::string new_run_name() {
    const std::time_t now = std::time(nullptr);
    std::tm utc{};
    ::gmtime_r(&now, &utc);
    char text[32];
    std::strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &utc);
    return fmt::format("{}-{}", text, ::getpid());
}

Result<runtime::Capacity> read_jobs(const std::string& jobs) {
    if (jobs == "auto") return runtime::Capacity::automatic(kMemoryEach);
    std::uint32_t count = 0;
    auto [end, error] = std::from_chars(jobs.data(), jobs.data() + jobs.size(), count);
    if (error != std::errc{} || end != jobs.data() + jobs.size() || count == 0 || count > 4096)
        return fail("read --jobs", jobs, "give auto, or a number from 1 to 4096");
    return runtime::Capacity::fixed(count);
}

Result<harness::Policy> read_policy(const Options& options) {
    harness::Policy policy;
    policy.verify = options.verify == "paper";
    policy.timeout_request = Millis(options.timeout_request);
    policy.timeout_script = Millis(options.timeout_script);
    policy.timeouts_in_a_row = options.timeouts_in_a_row;
    policy.ready_timeout = Millis(static_cast<std::int64_t>(options.ready_timeout * 1000));
    policy.newman_csv = options.newman_csv;
    policy.suite = options.suite;
    policy.globals = {{"USERNAME", "user"}, {"EMAIL", "user@mail.com"}, {"PASSWORD", "password"}};
    ASSAY_TRY(policy.limits.memory, parse_bytes(options.memory));
    ASSAY_TRY(policy.limits.disk, parse_bytes(options.disk));
    policy.limits.processes = options.processes;
    return policy;
}

// With --repeat every submission is evaluated n times, as id#1 ... id#n.
void repeat(std::vector<batch::Submission>& submissions, std::uint32_t times) {
    if (times <= 1) return;
    std::vector<batch::Submission> all;
    for (std::uint32_t run = 1; run <= times; ++run)
        for (const auto& submission : submissions) {
            all.push_back(submission);
            all.back().id += fmt::format("#{}", run);
        }
    submissions = std::move(all);
}

Result<Plan> make_plan(const Options& options) {
    Plan plan;
    ASSAY_TRY(plan.policy, read_policy(options));
    ASSAY_TRY(plan.capacity, read_jobs(options.jobs));
    ASSAY_TRY(batch::Batch read, batch::read_batch(options.batch, {options.tasks, options.suite}));
    plan.submissions = std::move(read.submissions);
    plan.bad = std::move(read.errors);
    if (!options.filter.empty()) {
        std::erase_if(plan.submissions,
                      [&](const auto& each) { return ::fnmatch(options.filter.c_str(), each.id.c_str(), 0) != 0; });
        std::erase_if(plan.bad,
                      [&](const auto& each) { return ::fnmatch(options.filter.c_str(), each.id.c_str(), 0) != 0; });
    }
    repeat(plan.submissions, options.repeat);
    plan.folder = options.output.empty() ? state_folder() + "/runs/" + new_run_name() : options.output;
    if (options.resume) {
        if (options.output.empty())
            return fail("resume", "no run folder was named", "name the run to continue with -o");
        ASSAY_TRY(auto lines, collect::read_results(plan.folder));
        std::set<std::string> done;
        for (const json& line : lines)
            if (line.contains("verdict")) done.insert(line.value("id", ""));
        plan.done_before = std::erase_if(plan.submissions, [&](const auto& each) { return done.contains(each.id); });
    }
    const std::map<std::string, report::ProgressKind> kinds = {{"auto", report::ProgressKind::automatic},
                                                               {"tty", report::ProgressKind::tty},
                                                               {"plain", report::ProgressKind::plain},
                                                               {"json", report::ProgressKind::json},
                                                               {"none", report::ProgressKind::none}};
    plan.progress = kinds.at(options.progress);
    return plan;
}

json manifest(const Options& options, const Plan& plan) {
    char host[256] = "";
    (void)::gethostname(host, sizeof host - 1);
    return {{"assay", ASSAY_VERSION},
            {"batch", options.batch},
            {"submissions", plan.submissions.size()},
            {"jobs", options.jobs},
            {"verify", options.verify},
            {"suite", options.suite},
            {"timeout_request_ms", options.timeout_request},
            {"timeout_script_ms", options.timeout_script},
            {"timeouts_in_a_row", options.timeouts_in_a_row},
            {"ready_timeout_s", options.ready_timeout},
            {"memory", options.memory},
            {"disk", options.disk},
            {"processes", options.processes},
            {"started", static_cast<std::int64_t>(std::time(nullptr))},
            {"host", host}};
}

// Keeps the table up to date while records are written.
class TableSink : public collect::Sink {
 public:
    void on_record(const collect::Record& record) override { table.add(record); }
    report::Table table;
};

using Images = std::map<std::string, harness::ImageHost>;

// One launcher for each image that the batch names; an image that is not there is a fault of its submissions.
Result<Images> start_launchers(const Plan& plan, const std::string& layers_dir, runtime::Reactor& reactor) {
    Images images;
    ASSAY_TRY(const std::string program, launcher_program());
    for (const auto& submission : plan.submissions) {
        const std::string& name = submission.task->image;
        if (images.contains(name)) continue;
        auto recipe = images::find_recipe(name);
        if (!recipe) continue;
        ASSAY_CHECK(images::check_tools(*recipe, false));
        ASSAY_TRY(const sandbox::RootPlan root, images::server_root_plan(*recipe, layers_dir));
        ASSAY_TRY(auto launcher, sandbox::Launcher::start(root, {program, true, 64}));
        auto host = std::make_shared<runtime::LauncherHost>(reactor, std::move(launcher));
        host->watch();
        images.emplace(name, harness::ImageHost{std::move(*recipe), std::move(host)});
    }
    return images;
}

void post_bad_entries(const std::vector<batch::EntryError>& bad, collect::Collector& collector) {
    for (const auto& entry : bad) {
        collect::Record record;
        record.id = entry.id;
        record.outcome = runtime::Fault{"read batch", entry.error.to_string(), false};
        collector.record(std::move(record), {}, {});
    }
}

// An interrupted run ends here and now: launchers see their socket close and end every sandbox, the journal holds
// every record that was finished, --resume goes on.
void exit_on_signal(runtime::Reactor& reactor, collect::Collector& collector) {
    auto signals = std::make_shared<boost::asio::signal_set>(reactor.context(), SIGINT, SIGTERM);
    signals->async_wait([signals, &collector](const boost::system::error_code& error, int) {
        if (error) return;
        (void)collector.flush();
        fmt::print(stderr, "\ninterrupted; go on with: --resume -o {}\n", collector.folder());
        ::_exit(130);
    });
}

Result<int> execute(const Options& options) {
    ASSAY_TRY(Plan plan, make_plan(options));
    const Instant begin = Clock::now();

    runtime::Reactor reactor;
    ASSAY_TRY(auto store, images::Dependencies::open({cache_folder(), options.offline, environment(), TRY_LAUNCHER}));
    ASSAY_TRY(const Images images, start_launchers(plan, store->layers_dir(), reactor));
    ASSAY_TRY(auto collector, collect::Collector::open(plan.folder, manifest(options, plan), options.resume));
    auto sink = std::make_shared<TableSink>();
    collector->add_sink(sink);
    collector->add_sink(report::make_progress({plan.progress, plan.submissions.size() + plan.bad.size(), true}));
    exit_on_signal(reactor, *collector);
    post_bad_entries(plan.bad, *collector);

    {
        harness::Scheduler scheduler({});
        runtime::Admission admission(reactor, plan.capacity);
        harness::Suites suites;
        runtime::Layers layers(reactor, *store);
        harness::Session session{reactor, scheduler, admission, suites, layers, *collector, images, plan.policy};
        scheduler.run(harness::evaluate_all(session, plan.submissions, plan.capacity.most + scheduler.workers()));
    }
    const auto written = collector->flush();
    const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    collector.reset();  // the progress display has its last word before the table

    fmt::print("{}\n", sink->table.text());
    const auto count = sink->table.submissions();
    fmt::print("{} submissions in {:.1f} s, {:.2f} submissions/s; results in {}\n", count, seconds,
               static_cast<double>(count) / seconds, plan.folder);
    if (plan.done_before > 0) fmt::print("{} submissions had a verdict before\n", plan.done_before);
    if (!written) {
        fmt::print(stderr, "assay: {}\n", written.error().to_string());
        return 75;
    }
    return 0;
}

}  // namespace

void add_run(CLI::App& app, int& exit_code) {
    auto options = std::make_shared<Options>();
    CLI::App* run = app.add_subcommand("run", "Evaluate a batch: launch, test, verify and score every submission");
    run->add_option("BATCH", options->batch, "Folder of submissions, JSON-lines file, or the paper's result tree")
        ->required();
    run->add_option("-o,--output", options->output, "Run folder (default: one below the state folder)");
    run->add_option("--jobs", options->jobs, "Submissions in work at once: auto or a number")->capture_default_str();
    run->add_option("--filter", options->filter, "Only submissions whose id matches this glob");
    run->add_option("--repeat", options->repeat, "Evaluate every submission this many times")
        ->check(CLI::Range(1, 100000))
        ->capture_default_str();
    run->add_flag("--resume", options->resume, "Continue the run in -o: what has a verdict is not run again");
    run->add_option("--suite", options->suite, "This collection instead of each task's own")->check(CLI::ExistingFile);
    run->add_option("--tasks", options->tasks, "Folder of task files, for a result tree")
        ->check(CLI::ExistingDirectory);
    run->add_option("--verify", options->verify, "Structural verification")
        ->check(CLI::IsMember({"paper", "off"}))
        ->capture_default_str();
    run->add_option("--timeout-request", options->timeout_request, "Idle time of one request, in ms; 0 = none")
        ->capture_default_str();
    run->add_option("--timeout-script", options->timeout_script, "Time of one script, in ms; 0 = none")
        ->capture_default_str();
    run->add_option("--timeouts-in-a-row", options->timeouts_in_a_row,
                    "After so many the remaining requests fail at once; 0 = never")
        ->capture_default_str();
    run->add_option("--ready-timeout", options->ready_timeout, "Seconds that a server has to become ready")
        ->check(CLI::Range(0.0, 3600.0))
        ->capture_default_str();
    run->add_option("--memory", options->memory, "Memory of one server; 0 = no limit")->capture_default_str();
    run->add_option("--disk", options->disk, "Bound of one server's writable files")->capture_default_str();
    run->add_option("--pids", options->processes, "Processes of one server; 0 = no limit")->capture_default_str();
    run->add_flag("--newman-csv", options->newman_csv, "Write logs/<submission>/newman-run-report.csv");
    run->add_flag("--offline", options->offline, "Build no dependency layer: a missing one is a fault");
    run->add_option("--progress", options->progress, "Display on stderr")
        ->check(CLI::IsMember({"auto", "tty", "plain", "json", "none"}))
        ->capture_default_str();
    run->callback([options, &exit_code] {
        auto done = execute(*options);
        if (!done) fmt::print(stderr, "assay: {}\n", done.error().to_string());
        exit_code = done ? *done : 2;
    });
}

}  // namespace assay::tools

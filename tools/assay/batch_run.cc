#include "tools/assay/batch_run.h"

#include <fmt/format.h>
#include <fnmatch.h>
#include <unistd.h>

#include <boost/asio/signal_set.hpp>
#include <charconv>
#include <cmath>
#include <csignal>
#include <ctime>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "harness/batch/shard.h"
#include "harness/collect/journal.h"
#include "harness/collect/stream.h"
#include "harness/evaluate.h"
#include "harness/report/batch_report.h"
#include "harness/report/gate.h"
#include "harness/report/progress.h"
#include "images/catalog.h"
#include "images/mounts.h"
#include "tools/assay/environment.h"

namespace assay::tools {

namespace {

using nlohmann::json;

// What is resolved of a batch before anything is executed.
struct Plan {
    harness::Policy policy;
    runtime::Capacity capacity;
    harness::ServiceRecipes services;  // that there are
    std::string folder;
    std::string image;  // of every submission; empty: its task says it
    std::vector<batch::Submission> submissions;
    std::vector<batch::EntryError> bad;
    std::size_t done_before = 0;
    report::ProgressKind progress;
    std::vector<report::ReportOrder> reports;
    std::vector<report::Gate> gates;
    std::string shard;  // "2/3"; empty: the whole batch
};

// Memory that one submission in work is assumed to need, for --jobs auto: a server, its work tree, its client.
constexpr Bytes kMemoryEach = 160_MiB;

// The same with the services that the batch's most demanding task has beside its server.
Bytes memory_each(const std::vector<batch::Submission>& submissions, const harness::ServiceRecipes& services) {
    std::uint64_t most = 0;
    for (const auto& submission : submissions) {
        std::uint64_t beside = 0;
        if (const auto wanted = harness::wanted_services(*submission.task, {}, services))
            for (const auto& recipe : *wanted) beside += recipe->service->usual_memory.count;
        most = std::max(most, beside);
    }
    return Bytes{kMemoryEach.count + most};
}

std::string new_run_name() {
    const std::time_t now = std::time(nullptr);
    std::tm utc{};
    ::gmtime_r(&now, &utc);
    char text[32];
    std::strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &utc);
    return fmt::format("{}-{}", text, ::getpid());
}

Result<runtime::Capacity> read_jobs(const std::string& jobs, Bytes each) {
    if (jobs == "auto") return runtime::Capacity::automatic(each);
    std::uint32_t count = 0;
    auto [end, error] = std::from_chars(jobs.data(), jobs.data() + jobs.size(), count);
    if (error != std::errc{} || end != jobs.data() + jobs.size() || count == 0 || count > 4096)
        return fail("read --jobs", jobs, "give auto, or a number from 1 to 4096");
    return runtime::Capacity::fixed(count);
}

Result<harness::Policy> read_policy(const BatchOptions& options) {
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

// Tasks are shared, and stay so.
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

Result<Plan> make_plan(const BatchOptions& options) {
    Plan plan;
    ASSAY_TRY(plan.policy, read_policy(options));
    ASSAY_TRY(batch::Batch read, read_input(options));
    plan.submissions = std::move(read.submissions);
    plan.bad = std::move(read.errors);
    plan.image = options.image;
    if (!plan.image.empty()) put_in_image(plan.submissions, plan.image);
    if (!options.filter.empty()) {
        std::erase_if(plan.submissions,
                      [&](const auto& each) { return ::fnmatch(options.filter.c_str(), each.id.c_str(), 0) != 0; });
        std::erase_if(plan.bad,
                      [&](const auto& each) { return ::fnmatch(options.filter.c_str(), each.id.c_str(), 0) != 0; });
    }
    if (plan.submissions.empty() && plan.bad.empty())
        return fail("read batch", options.batch + ": no submission matches --filter " + options.filter,
                    "ids are the names of sub-folders, or the ids of a JSON-lines file");
    ASSAY_TRY(plan.services, service_recipes());
    ASSAY_TRY(plan.capacity, read_jobs(options.jobs, memory_each(plan.submissions, plan.services)));
    repeat(plan.submissions, options.repeat);
    if (!options.shard.empty()) {
        ASSAY_TRY(const batch::Shard shard, batch::read_shard(options.shard, environment()));
        plan.shard = shard.text();
        // A small batch may leave a shard without any: its run is complete, and empty.
        std::erase_if(plan.submissions, [&](const auto& each) { return !shard.holds(each.id); });
        std::erase_if(plan.bad, [&](const auto& each) { return !shard.holds(each.id); });
    }
    ASSAY_TRY(plan.gates, report::read_gates(options.gates));
    plan.folder = options.output.empty() ? state_folder() + "/runs/" + new_run_name() : options.output;
    ASSAY_TRY(plan.reports, report::read_orders(options.reports, plan.folder));
    for (const auto& order : plan.reports)
        if (order.file == "-") return fail("--report", order.format + "=-", "name a file: stdout has the table");
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

json manifest(const BatchOptions& options, const Plan& plan) {
    char host[256] = "";
    (void)::gethostname(host, sizeof host - 1);
    json manifest = {{"assay", ASSAY_VERSION},
                     {"batch", options.batch},
                     {"submissions", plan.submissions.size() + plan.bad.size()},
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
    if (!plan.shard.empty()) manifest["shard"] = plan.shard;
    return manifest;
}

// Keeps the table up to date while records are written.
class TableSink : public collect::Sink {
 public:
    void on_record(const collect::Record& record) override { table.add(record); }
    report::Table table;
};

using Images = std::map<std::string, harness::ImageHost>;

// One launcher for each image that the batch names. One that is not there is a fault of the submissions whose tasks
// name it; when the command line does, nothing is run.
Result<Images> start_launchers(const Plan& plan, images::Store& store, runtime::Reactor& reactor) {
    Images images;
    ASSAY_TRY(const std::string program, launcher_program());
    for (const auto& submission : plan.submissions) {
        const std::string& name = submission.task->image;
        if (images.contains(name)) continue;
        auto recipe = images::find_image(name, store);
        if (!recipe && !plan.image.empty()) return tl::unexpected(recipe.error());
        if (!recipe) {
            images.emplace(name, harness::ImageHost{{}, {}, recipe.error().to_string()});
            continue;
        }
        ASSAY_CHECK(images::check_tools(*recipe, false));
        ASSAY_TRY(const sandbox::RootPlan root, images::server_root_plan(*recipe, store.layers_dir()));
        ASSAY_TRY(auto launcher, sandbox::Launcher::start(root, {program, true, 64}));
        auto host = std::make_shared<runtime::LauncherHost>(reactor, std::move(launcher));
        host->watch();
        images.emplace(name, harness::ImageHost{std::move(*recipe), std::move(host), {}});
    }
    return images;
}

Result<images::LayerStore> open_layer_store(bool offline) {
    images::LayerStore::Options options;
    ASSAY_TRY(options.launcher.program, launcher_program());
    options.store.path = cache_folder();
    options.environment = environment();
    options.offline = offline;
    return images::LayerStore::open(std::move(options));
}

void post_bad_entries(const std::vector<batch::EntryError>& bad, collect::Collector& collector) {
    for (const auto& entry : bad) {
        collect::Record record;
        record.id = entry.id;
        record.outcome = runtime::Fault{"read batch", entry.error.to_string(), false};
        collector.record(std::move(record));
    }
}

// How long an interrupted run waits for a slow reader of its stream; the journal has everything.
constexpr Millis kStreamsLastWord{500};

// An interrupted run ends here and now: launchers see their socket close and end every sandbox, the journal holds
// every record that was finished, --resume goes on. The collector may have gone by then: reports are written after it.
void exit_on_signal(runtime::Reactor& reactor, const std::shared_ptr<collect::Collector>& collector,
                    const std::shared_ptr<collect::JournalStream>& stream, const std::string& folder) {
    auto signals = std::make_shared<boost::asio::signal_set>(reactor.context(), SIGINT, SIGTERM);
    signals->async_wait(
        [signals, left = std::weak_ptr(collector), stream, folder](const boost::system::error_code& error, int) {
            if (error) return;
            if (const auto collecting = left.lock()) (void)collecting->flush();
            if (stream) (void)stream->finish(kStreamsLastWord);
            fmt::print(stderr, "\ninterrupted; go on with: --resume -o {}\n", folder);
            ::_exit(130);
        });
}

// Reports and gates, from the run folder: what an earlier part of the run found counts too.
Result<void> read_again(const Plan& plan, BatchSummary& summary) {
    if (plan.reports.empty() && plan.gates.empty()) return {};
    ASSAY_TRY(const collect::Journal journal, collect::Journal::open(plan.folder));
    if (!plan.gates.empty()) {
        ASSAY_TRY(const report::Table table, report::table_of(journal));
        summary.unmet = report::unmet(plan.gates, table);
    }
    return report::write_reports(journal, plan.reports, ASSAY_VERSION);
}

}  // namespace

Result<harness::ServiceRecipes> service_recipes() {
    harness::ServiceRecipes services;
    for (const std::string& name : images::recipe_names()) {
        ASSAY_TRY(images::Recipe recipe, images::find_recipe(name));
        if (recipe.service) services.emplace(name, std::make_shared<const images::Recipe>(std::move(recipe)));
    }
    return services;
}

Result<BatchSummary> run_batch(const BatchOptions& options) {
    ASSAY_TRY(Plan plan, make_plan(options));
    const Instant begin = Clock::now();

    Fd reader;  // opened first: a named pipe waits for its reader
    if (!options.stream.empty()) {
        ASSAY_TRY(reader, collect::open_reader(options.stream, options.resume));
    }
    runtime::Reactor reactor;
    ASSAY_TRY(auto platform, script::Platform::create());
    harness::Suites suites(platform);
    // A collection named for the whole batch is usage: read before anything runs. A task's own is its submissions'.
    if (!options.suite.empty()) ASSAY_CHECK(suites.load(options.suite));
    ASSAY_TRY(images::LayerStore layer_store, open_layer_store(options.offline));
    ASSAY_TRY(const Images images, start_launchers(plan, layer_store.store(), reactor));
    ASSAY_TRY(std::shared_ptr<collect::Collector> collector,
              collect::Collector::open(plan.folder, manifest(options, plan), options.resume));
    auto sink = std::make_shared<TableSink>();
    collector->add_sink(sink);
    collector->add_sink(report::make_progress({plan.progress, plan.submissions.size() + plan.bad.size(), true}));
    std::shared_ptr<collect::JournalStream> stream;
    if (reader) {
        ASSAY_TRY(stream, collect::JournalStream::open(plan.folder, std::move(reader), options.stream));
        collector->add_sink(stream);
    }
    exit_on_signal(reactor, collector, stream, plan.folder);
    post_bad_entries(plan.bad, *collector);

    {
        script::Limits limits;
        limits.running = plan.policy.timeout_script;
        harness::Scheduler scheduler({}, platform, limits);
        runtime::Admission admission(reactor, plan.capacity);
        runtime::Layers layers(reactor);
        runtime::Services::Options beside;
        beside.statements = plan.policy.statements;
        runtime::ServicePool service_pool(reactor, layers, beside);
        harness::Session session{reactor,    scheduler, admission,     suites,       layers,     layer_store,
                                 *collector, images,    plan.services, service_pool, plan.policy};
        scheduler.run(harness::evaluate_all(session, plan.submissions, plan.capacity.most + scheduler.workers()));
        reactor.settle();
    }
    BatchSummary summary;
    summary.written = collector->flush();
    if (stream) summary.streamed = stream->finish();
    summary.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    collector.reset();  // the progress display has its last word before the table
    if (summary.written) summary.written = read_again(plan, summary);
    summary.table = std::move(sink->table);
    summary.folder = plan.folder;
    summary.done_before = plan.done_before;
    return summary;
}

}  // namespace assay::tools

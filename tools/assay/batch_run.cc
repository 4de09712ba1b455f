#include "tools/assay/batch_run.h"

#include <fmt/format.h>
#include <fnmatch.h>
#include <unistd.h>

#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "harness/batch/shard.h"
#include "harness/collect/journal.h"
#include "harness/collect/stream.h"
#include "harness/report/batch_report.h"
#include "harness/report/gate.h"
#include "harness/report/progress.h"
#include "tools/assay/environment.h"
#include "tools/assay/evaluator.h"

namespace assay::tools {

namespace {

using nlohmann::json;

// What is resolved of a batch before anything is executed.
struct Plan {
    Setting setting;
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

// What the batch's most demanding task has beside its server.
Bytes memory_beside(const std::vector<batch::Submission>& submissions, const harness::ServiceRecipes& services) {
    std::uint64_t most = 0;
    for (const auto& submission : submissions) {
        std::uint64_t beside = 0;
        if (const auto wanted = harness::wanted_services(*submission.task, {}, services))
            for (const auto& recipe : *wanted) beside += recipe->service->usual_memory.count;
        most = std::max(most, beside);
    }
    return Bytes{most};
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

Result<Plan> make_plan(const BatchOptions& options) {
    Plan plan;
    ASSAY_TRY(plan.setting.policy, read_policy(options));
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
    ASSAY_TRY(plan.setting.services, service_recipes());
    const Bytes beside = memory_beside(plan.submissions, plan.setting.services);
    ASSAY_TRY(plan.setting.capacity, read_jobs(options.jobs, beside));
    repeat(plan.submissions, options.repeat);
    if (!options.shard.empty()) {
        ASSAY_TRY(const batch::Shard shard, batch::read_shard(options.shard, environment()));
        plan.shard = shard.text();
        // A small batch may leave a shard without any: its run is complete, and empty.
        std::erase_if(plan.submissions, [&](const auto& each) { return !shard.holds(each.id); });
        std::erase_if(plan.bad, [&](const auto& each) { return !shard.holds(each.id); });
    }
    ASSAY_TRY(plan.gates, report::read_gates(options.gates));
    plan.folder = run_folder(options);
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
    json manifest = describe(options);
    manifest["batch"] = options.batch;
    manifest["submissions"] = plan.submissions.size() + plan.bad.size();
    if (!plan.shard.empty()) manifest["shard"] = plan.shard;
    return manifest;
}

// Keeps the table up to date while records are written.
class TableSink : public collect::Sink {
 public:
    void on_record(const collect::Record& record) override { table.add(record); }
    report::Table table;
};

// The launchers of the images that the batch names, ahead. One that is not there is a fault of the submissions whose
// tasks name it, told when they are evaluated; when the command line names it, nothing is run.
Result<void> start_launchers(const Plan& plan, harness::ImageHosts& images) {
    std::set<std::string> names;
    for (const auto& submission : plan.submissions) names.insert(submission.task->image);
    for (const std::string& name : names)
        if (auto host = images.open(name); !host && (!plan.image.empty() || !host.error().missing))
            return tl::unexpected(host.error().error);
    return {};
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

Result<BatchSummary> run_batch(const BatchOptions& options) {
    ASSAY_TRY(Plan plan, make_plan(options));
    const Instant begin = Clock::now();

    Fd reader;  // opened first: a named pipe waits for its reader
    if (!options.stream.empty()) {
        ASSAY_TRY(reader, collect::open_reader(options.stream, options.resume));
    }
    ASSAY_TRY(const auto foundation, Foundation::open(options));
    ASSAY_CHECK(start_launchers(plan, foundation->images));
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
    exit_on_signal(foundation->reactor, collector, stream, plan.folder);
    post_bad_entries(plan.bad, *collector);

    {
        Evaluator evaluator(*foundation, *collector, plan.setting);
        harness::Scheduler& scheduler = evaluator.session().scheduler;
        const std::uint32_t at_once = plan.setting.capacity.most + scheduler.workers();
        scheduler.run(harness::evaluate_all(evaluator.session(), plan.submissions, at_once));
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

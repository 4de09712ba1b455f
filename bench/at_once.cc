// Threads: the caller's is the lane, with one engine and one io_context for all runs, as in `assay run`; the slow
// server has its own. Memory is the process's, the server's share included.
#include "bench/at_once.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "base/fd.h"
#include "bench/canned_server.h"
#include "bench/dispatch.h"
#include "bench/measure.h"
#include "harness/http/connectors.h"
#include "harness/scenario.h"

namespace assay::bench {

namespace {

// Two descriptors a run, client and server being one process, and some beside them.
Result<void> allow_descriptors(unsigned runs) {
    rlimit files{};
    const rlim_t wanted = 2 * static_cast<rlim_t>(runs) + 100;
    if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return fail_errno(errno, "read the limit of open files");
    if (files.rlim_cur >= wanted) return {};
    files.rlim_cur = std::min(wanted, files.rlim_max);
    if (files.rlim_cur < wanted)
        return fail("allow open files", fmt::format("the limit is {}, {} are needed", files.rlim_max, wanted),
                    "raise it (ulimit -Hn) or give fewer runs with --at-once");
    if (::setrlimit(RLIMIT_NOFILE, &files) != 0) return fail_errno(errno, "raise the limit of open files");
    return {};
}

// What one run has told.
struct Heard {
    std::vector<std::uint8_t> times;  // by sequence
    std::uint64_t failed = 0;
    std::optional<Error> fault;
};

}  // namespace

Result<AtOnceReport> measure_at_once(const AtOnceOptions& options) {
    ASSAY_CHECK(allow_descriptors(options.runs));
    ASSAY_TRY(auto platform, script::Platform::create());
    harness::Suites suites(platform);
    ASSAY_TRY(const auto suite, suites.load_collection(options.collection));
    ASSAY_TRY(const RecordedRun recorded, record_run(platform, *suite));
    AtOnceReport report;
    report.asked = options;
    report.requests = recorded.requests;
    report.assertions = recorded.assertions;

    ASSAY_TRY(const auto server, CannedServer::start(replaying(recorded.tape), options.delay));
    ASSAY_TRY(auto engine, script::Engine::create(platform));
    const harness::ScenarioOptions scenario = conduit_options(server->port());
    boost::asio::io_context lane(1);
    http::HostConnector connector(lane.get_executor());

    std::vector<Heard> heard(options.runs);
    for (Heard& one : heard) one.times.resize(recorded.requests);
    ASSAY_TRY(report.resident_before, status_bytes("VmRSS:"));
    ASSAY_CHECK(write_file_at(AT_FDCWD, "/proc/self/clear_refs", "5"));  // the peak begins anew
    const double before = thread_cpu_us();
    const Instant began = Clock::now();
    for (Heard& one : heard) {
        const auto sink = [&one](const check::RequestOutcome& outcome) {
            if (outcome.sequence >= one.times.size()) one.times.resize(outcome.sequence + 1, 1);  // one too many
            ++one.times[outcome.sequence];
            if (!outcome.answer) ++one.failed;
            for (const check::Assertion& assertion : outcome.assertions)
                if (assertion.status == check::Status::failed) ++one.failed;
        };
        boost::asio::co_spawn(lane, harness::run_scenario(*suite, *engine, connector, scenario, sink),
                              [&one](const std::exception_ptr& thrown, const harness::ScenarioRun& run) {
                                  if (thrown) std::rethrow_exception(thrown);
                                  one.fault = run.fault;
                              });
    }
    lane.run();
    report.seconds = std::chrono::duration<double>(Clock::now() - began).count();
    report.cpu_us = (thread_cpu_us() - before) / options.runs;
    ASSAY_TRY(report.resident_peak, status_bytes("VmHWM:"));
    report.most_waiting = server->most_waiting();
    for (const Heard& one : heard) {
        if (one.fault) return tl::unexpected(*one.fault);
        report.failed += one.failed;
        for (const std::uint8_t times : one.times) {
            report.lost += times == 0 ? 1 : 0;
            report.doubled += times > 1 ? times - 1u : 0u;
        }
    }
    return report;
}

nlohmann::json to_json(const AtOnceReport& report) {
    return {{"bench", "at-once"},
            {"collection", report.asked.collection},
            {"runs", report.asked.runs},
            {"delay_ms", report.asked.delay.count()},
            {"requests", report.requests},
            {"assertions", report.assertions},
            {"most_waiting", report.most_waiting},
            {"seconds", report.seconds},
            {"cpu_us_per_run", report.cpu_us},
            {"resident_before", report.resident_before.count},
            {"resident_peak", report.resident_peak.count},
            {"lost", report.lost},
            {"doubled", report.doubled},
            {"failed", report.failed}};
}

std::string to_text(const AtOnceReport& report) {
    const auto mib = [](Bytes bytes) { return static_cast<double>(bytes.count) / (1 << 20); };
    return fmt::format(
        "{}: {} runs at once on one lane, each answer {} ms late\n"
        "  {} requests and {} assertions a run; up to {} answers were awaited at the same time\n"
        "  {:.2f} s in all, {:.0f} us CPU a run\n"
        "  resident: {:.0f} MB before, {:.0f} MB at the most (goal: below 600 MB)\n"
        "  outcomes lost: {}, doubled: {}, failed: {} (goal: none)\n",
        report.asked.collection, report.asked.runs, report.asked.delay.count(), report.requests, report.assertions,
        report.most_waiting, report.seconds, report.cpu_us, mib(report.resident_before), mib(report.resident_peak),
        report.lost, report.doubled, report.failed);
}

}  // namespace assay::bench

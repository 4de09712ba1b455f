// Threads: one a lane, which start together and stop at a deadline; the canned server's own. Nothing is shared but the
// compiled suite.
#include "bench/lanes.h"

#include <fmt/format.h>

#include <atomic>
#include <barrier>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <optional>
#include <thread>

#include "bench/measure.h"
#include "harness/http/connectors.h"

namespace assay::bench {

std::vector<std::pair<std::string, std::string>> conduit_globals(std::uint16_t port) {
    return {{"APIURL", fmt::format("http://127.0.0.1:{}/api", port)},
            {"USERNAME", "user"},
            {"EMAIL", "user@mail.com"},
            {"PASSWORD", "password"}};
}

harness::ScenarioOptions conduit_options(std::uint16_t port) {
    harness::ScenarioOptions options;
    options.globals = conduit_globals(port);
    options.timeout_request = Millis(10000);
    options.seed = 1;
    return options;
}

namespace {

// What one lane has done; of its own thread until that has ended.
struct Share {
    std::uint64_t runs = 0;
    double cpu_us = 0;
    double script_us = 0;
    std::string complaint;  // what failed first
    std::optional<Error> error;
};

// One lane's world: everything that its runs need, on the thread that made it.
class Lane {
 public:
    Lane(const harness::LoadedSuite& loaded, std::unique_ptr<script::Engine> made, std::uint16_t port, Share& share)
        : suite_(loaded), engine_(std::move(made)), options_(conduit_options(port)), share_(share) {}

    // `places` runs at once, each place one after the other, for as long as `more` says so before a run.
    void run(unsigned places, const std::function<bool()>& more) {
        const auto thrown = [](const std::exception_ptr& exception) {
            if (exception) std::rethrow_exception(exception);
        };
        for (unsigned place = 0; place < places; ++place) boost::asio::co_spawn(context_, runs(more), thrown);
        context_.restart();
        context_.run();
    }
    harness::ScenarioRun last;

 private:
    http::Awaitable<void> runs(const std::function<bool()>& more) {
        while (more()) {
            last = co_await harness::run_scenario(suite_, *engine_, connector_, options_,
                                                  [this](const check::RequestOutcome& outcome) { look_at(outcome); });
            share_.script_us += static_cast<double>(last.in_scripts.count());
            ++share_.runs;
        }
    }
    void look_at(const check::RequestOutcome& outcome) {
        if (!share_.complaint.empty()) return;
        if (!outcome.error.empty()) share_.complaint = outcome.item + ": " + outcome.error;
        for (const check::Assertion& assertion : outcome.assertions)
            if (assertion.status == check::Status::failed && share_.complaint.empty())
                share_.complaint = outcome.item + ": " + assertion.name;
    }

    const harness::LoadedSuite& suite_;
    std::unique_ptr<script::Engine> engine_;
    harness::ScenarioOptions options_;
    Share& share_;
    boost::asio::io_context context_{1};
    http::HostConnector connector_{context_.get_executor()};
};

}  // namespace

Result<harness::ScenarioRun> run_once(const std::shared_ptr<script::Platform>& platform,
                                      const harness::LoadedSuite& suite, std::uint16_t port) {
    ASSAY_TRY(auto engine, script::Engine::create(platform));
    Share share;
    Lane lane(suite, std::move(engine), port, share);
    lane.run(1, [&share] { return share.runs == 0; });
    harness::ScenarioRun& run = lane.last;
    if (run.fault) return tl::unexpected(*run.fault);
    if (run.counts.failed != 0 || run.failed_requests != 0 || run.script_errors != 0)
        return fail("run the collection on the built-in Conduit",
                    fmt::format("{}: {} of {} assertions failed, first \"{}\"", suite.suite.file, run.counts.failed,
                                run.counts.total, share.complaint),
                    "give a Conduit collection that a correct backend passes");
    return std::move(run);
}

Result<DispatchFigure> measure_lanes(const std::shared_ptr<script::Platform>& platform,
                                     const harness::LoadedSuite& suite, CannedServer& server, const LaneLoad& load) {
    std::vector<Share> shares(load.lanes);
    std::barrier start(static_cast<std::ptrdiff_t>(load.lanes) + 1);
    std::atomic<bool> over = false;
    const auto work = [&](Share& share) {
        auto engine = script::Engine::create(platform);
        if (!engine) {
            share.error = engine.error();
            start.arrive_and_wait();
            return;
        }
        Lane lane(suite, std::move(*engine), server.port(), share);
        const std::uint64_t warm = std::uint64_t{5} * load.runs_each;
        lane.run(load.runs_each, [&] { return share.runs < warm; });
        share.runs = 0;
        share.script_us = 0;
        start.arrive_and_wait();
        const double before = thread_cpu_us();
        lane.run(load.runs_each, [&over] { return !over; });
        share.cpu_us = thread_cpu_us() - before;
    };
    std::vector<std::thread> threads;
    threads.reserve(shares.size());
    for (Share& share : shares) threads.emplace_back(work, std::ref(share));
    start.arrive_and_wait();
    const Instant began = Clock::now();
    const Micros server_before = server.cpu();
    std::this_thread::sleep_for(load.span);
    over = true;
    for (std::thread& thread : threads) thread.join();
    const double seconds = std::chrono::duration<double>(Clock::now() - began).count();
    const Micros server_cpu = server.cpu() - server_before;

    DispatchFigure figure;
    figure.lanes = load.lanes;
    figure.runs_each = load.runs_each;
    for (const Share& share : shares) {
        if (share.error) return tl::unexpected(*share.error);
        if (!share.complaint.empty()) return fail("measure dispatch", "a run failed: " + share.complaint);
        figure.runs += share.runs;
        figure.cpu_us += share.cpu_us;
        figure.script_us += share.script_us;
    }
    if (figure.runs == 0) return fail("measure dispatch", "no run ended in time", "give a longer --seconds");
    const auto runs = static_cast<double>(figure.runs);
    figure.runs_per_second = runs / seconds;
    figure.cpu_us /= runs;
    figure.script_us /= runs;
    figure.server_cpu_us = static_cast<double>(server_cpu.count()) / runs;
    return figure;
}

}  // namespace assay::bench

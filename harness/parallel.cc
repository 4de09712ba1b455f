// One coroutine a worker, all on the caller's lane: a worker takes the next part that nobody has begun. The caller
// waits for the last of them on a timer that never fires.
#include "harness/parallel.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>

namespace assay::harness {
namespace {

namespace asio = boost::asio;
using http::Awaitable;

struct Told {
    std::vector<check::RequestOutcome> outcomes;
    std::vector<std::uint32_t> numbers;  // of those handed on: their sequence in the whole run
    bool over = false;
};

// Hands outcomes on in their final order, as early as that is known.
class Teller {
 public:
    Teller(std::size_t parts, OutcomeSink sink) : told_(parts), sink_(std::move(sink)) {}

    void hear(std::size_t part, check::RequestOutcome outcome) {
        iterations_ = std::max(iterations_, outcome.iteration + 1);
        told_[part].outcomes.push_back(std::move(outcome));
    }
    void ended(std::size_t part) {
        told_[part].over = true;
        // Whether there is a second iteration is known when the first part has ended.
        for (; iterations_ == 1 && next_ < told_.size() && told_[next_].over; ++next_) tell(told_[next_], 0);
    }
    void finish() {
        for (std::uint32_t iteration = 0; iteration < iterations_; ++iteration)
            for (std::size_t part = iteration == 0 ? next_ : 0; part < told_.size(); ++part)
                tell(told_[part], iteration);
    }

 private:
    // What a part says of an iteration follows what it said of the one before.
    void tell(Told& told, std::uint32_t iteration) {
        for (auto at = told.numbers.size(); at < told.outcomes.size(); ++at) {
            auto& outcome = told.outcomes[at];
            if (outcome.iteration != iteration) break;
            told.numbers.push_back(count_);
            outcome.sequence = count_++;
            for (auto& dependency : outcome.depends_on) dependency.sequence = told.numbers[dependency.sequence];
            for (auto* step : {&outcome.follows, &outcome.root_cause})
                if (*step) *step = told.numbers[**step];
            sink_(std::move(outcome));
        }
    }

    std::vector<Told> told_;
    OutcomeSink sink_;
    std::uint32_t iterations_ = 1;
    std::uint32_t count_ = 0;
    std::size_t next_ = 0;  // the first part of which nothing was handed on
};

void add(ScenarioRun& sum, ScenarioRun&& part) {
    sum.counts += part.counts;
    sum.reach.known += part.reach.known;
    sum.reach.unreached += part.reach.unreached;
    sum.reach.open += part.reach.open;
    sum.requests += part.requests;
    sum.failed_requests += part.failed_requests;
    sum.timeouts += part.timeouts;
    sum.presumed += part.presumed;
    sum.script_errors += part.script_errors;
    sum.in_scripts += part.in_scripts;
}

struct Work {
    const std::vector<PartRunner>& parts;
    Teller teller;
    std::vector<ScenarioRun> ends;
    std::size_t next = 0;  // to begin
    bool faulty = false;
};

Awaitable<void> work_on(Work& work) {
    while (!work.faulty && work.next < work.parts.size()) {
        const auto part = work.next++;
        const OutcomeSink sink = [&work, part](check::RequestOutcome outcome) {
            work.teller.hear(part, std::move(outcome));
        };
        work.ends[part] = co_await work.parts[part](sink);
        work.faulty = work.faulty || work.ends[part].fault.has_value();
        work.teller.ended(part);
    }
}

}  // namespace

Awaitable<ScenarioRun> run_in_parallel(const std::vector<PartRunner>& parts, unsigned at_once, OutcomeSink sink) {
    const auto begun = Clock::now();
    const auto executor = co_await asio::this_coro::executor;
    Work work{parts, Teller(parts.size(), std::move(sink)), std::vector<ScenarioRun>(parts.size())};
    asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, http::LaneExecutor> last(executor, Instant::max());
    std::size_t workers = std::clamp<std::size_t>(at_once, 1, std::max<std::size_t>(parts.size(), 1));
    std::exception_ptr thrown;
    for (std::size_t i = workers; i > 0; --i) {
        asio::co_spawn(executor, work_on(work), [&](const std::exception_ptr& failure) {
            if (failure && !thrown) thrown = failure;
            if (--workers == 0) last.cancel();
        });
    }
    if (workers > 0) co_await last.async_wait(asio::as_tuple(asio::use_awaitable_t<http::LaneExecutor>{}));
    if (thrown) std::rethrow_exception(thrown);
    work.teller.finish();
    ScenarioRun sum;
    for (auto& part : work.ends) {
        if (part.fault && !sum.fault) sum.fault = std::move(part.fault);
        add(sum, std::move(part));
    }
    sum.elapsed = std::chrono::duration_cast<Micros>(Clock::now() - begun);
    co_return sum;
}

Awaitable<ScenarioRun> run_parts(const LoadedSuite& suite, script::Engine& engine, http::Connector& connector,
                                 const ScenarioOptions& options, std::vector<std::vector<std::size_t>> parts,
                                 unsigned at_once, OutcomeSink sink) {
    std::vector<ScenarioOptions> each(parts.size(), options);
    std::vector<PartRunner> runners;
    for (std::size_t part = 0; part < parts.size(); ++part) {
        each[part].items = std::move(parts[part]);
        runners.emplace_back(
            [&, part](OutcomeSink to) { return run_scenario(suite, engine, connector, each[part], std::move(to)); });
    }
    co_return co_await run_in_parallel(runners, at_once, std::move(sink));
}

Awaitable<ScenarioRun> run_files(const HurlSuite& suite, http::Connector& connector, const HurlOptions& options,
                                 unsigned at_once, OutcomeSink sink) {
    std::vector<HurlSuite> each;
    std::vector<PartRunner> runners;
    for (const auto& file : suite.files) each.push_back({suite.name, {file}, suite::hurl::assertion_count(file->file)});
    runners.reserve(each.size());
    for (const auto& file : each)
        runners.emplace_back([&](OutcomeSink to) { return run_hurl(file, connector, options, std::move(to)); });
    co_return co_await run_in_parallel(runners, at_once, [&](check::RequestOutcome outcome) {
        outcome.position = outcome.sequence;  // an entry is one outcome
        sink(std::move(outcome));
    });
}

}  // namespace assay::harness

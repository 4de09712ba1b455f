#include "harness/parallel.h"

#include <gtest/gtest.h>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <nlohmann/json.hpp>
#include <set>

#include "harness/http/connectors.h"
#include "harness/suite/hurl.h"
#include "harness/suite/postman.h"
#include "tests/unit/scenario/lane.h"
#include "tests/unit/scenario/server.h"

namespace assay::harness {
namespace {

namespace asio = boost::asio;
using testing::Done;
using testing::run_on_lane;

struct Probe {
    unsigned running = 0;
    unsigned most = 0;
    unsigned begun = 0;
};

// A part that takes its time, and says one outcome for each of `said`: its iteration.
PartRunner part(Probe& probe, std::string name, Millis time, std::vector<std::uint32_t> said,
                std::optional<Error> fault = std::nullopt) {
    return [&probe, name, time, said, fault](OutcomeSink sink) -> http::Awaitable<ScenarioRun> {
        ++probe.begun;
        probe.most = std::max(probe.most, ++probe.running);
        asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, http::LaneExecutor> timer(
            co_await asio::this_coro::executor, time);
        co_await timer.async_wait(asio::use_awaitable_t<http::LaneExecutor>{});
        ScenarioRun run;
        for (std::uint32_t i = 0; i < said.size(); ++i) {
            check::RequestOutcome outcome;
            outcome.sequence = i;
            outcome.iteration = said[i];
            outcome.item = name + std::to_string(i);
            if (i > 0) {
                outcome.follows = outcome.root_cause = 0;
                outcome.depends_on = {{i - 1, "v", false}};
            }
            sink(std::move(outcome));
            ++run.requests;
            run.counts.total += 2;
        }
        run.fault = fault;
        --probe.running;
        co_return run;
    };
}

Done run(const std::vector<PartRunner>& parts, unsigned at_once) {
    return run_on_lane([&](http::HostConnector&, OutcomeSink sink) { return run_in_parallel(parts, at_once, sink); });
}

TEST(Parallel, OutcomesComeInTheOrderOfThePartsWhoeverEndsFirst) {
    Probe probe;
    const auto done = run({part(probe, "a", Millis(30), {0, 0}), part(probe, "b", Millis(1), {0}),
                           part(probe, "c", Millis(10), {0, 0, 0})},
                          3);
    EXPECT_EQ(done.order(), "a0 a1 b0 c0 c1 c2");
    EXPECT_EQ(probe.most, 3u);
    EXPECT_EQ(done.totals.requests, 6u);
    EXPECT_EQ(done.totals.counts.total, 12u);
    EXPECT_GE(done.totals.elapsed, Millis(29));
    EXPECT_LT(done.totals.elapsed, Millis(2000));
}

TEST(Parallel, NumbersAndCausesAreThoseOfOneRun) {
    Probe probe;
    const auto done = run({part(probe, "a", Millis(1), {0, 0}), part(probe, "b", Millis(1), {0, 0, 0})}, 2);
    ASSERT_EQ(done.outcomes.size(), 5u);
    for (std::uint32_t i = 0; i < 5; ++i) EXPECT_EQ(done.outcomes[i].sequence, i);
    EXPECT_EQ(done.outcomes[4].root_cause, 2u);
    EXPECT_EQ(done.outcomes[4].follows, 2u);
    EXPECT_EQ(done.outcomes[4].depends_on.at(0).sequence, 3u);
}

TEST(Parallel, IterationsOfAllPartsComeTogether) {
    Probe probe;
    const auto done = run({part(probe, "a", Millis(1), {0, 0, 1, 1}), part(probe, "b", Millis(1), {0, 1}),
                           part(probe, "c", Millis(1), {0, 1})},
                          2);
    EXPECT_EQ(done.order(), "a0 a1 b0 c0 a2 a3 b1 c1");
}

TEST(Parallel, NoMoreThanAskedForAreAtWork) {
    Probe probe;
    std::vector<PartRunner> parts;
    for (int i = 0; i < 6; ++i) parts.push_back(part(probe, "p", Millis(2), {0}));
    EXPECT_EQ(run(parts, 2).outcomes.size(), 6u);
    EXPECT_EQ(probe.most, 2u);
    EXPECT_TRUE(run({}, 2).outcomes.empty());
}

TEST(Parallel, AfterAFaultNothingNewBegins) {
    Probe probe;
    const auto done = run({part(probe, "a", Millis(1), {0}, Error{"run suite", 0, "broken", ""}),
                           part(probe, "b", Millis(1), {0}), part(probe, "c", Millis(1), {0})},
                          1);
    ASSERT_TRUE(done.totals.fault);
    EXPECT_EQ(done.totals.fault->detail, "broken");
    EXPECT_EQ(probe.begun, 1u);
}

// A request is answered when the other part's is there too: parts that ran one after the other would wait for ever.
class Meeting {
 public:
    std::string operator()(const testing::Asked& asked) {
        std::unique_lock lock(mutex_);
        there_.insert(asked.target);
        changed_.notify_all();
        const bool met = changed_.wait_for(lock, std::chrono::seconds(5), [&] { return there_.size() >= 2; });
        return testing::answer(met ? 200 : 500, "{}");
    }

 private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::set<std::string> there_;
};

TEST(Parallel, PartsOfACollectionHaveVariablesOfTheirOwn) {
    const auto meeting = std::make_shared<Meeting>();
    testing::Server server([meeting](const testing::Asked& asked) { return (*meeting)(asked); });
    nlohmann::json items = nlohmann::json::array();
    for (const char* name : {"a", "b"}) {
        const std::string script = std::string(
                                       "pm.test('alone ' + pm.globals.has('x'), () => pm.response.to.have.status("
                                       "200)); pm.globals.set('x', '") +
                                   name + "')";
        items.push_back({{"name", name},
                         {"request", "{{B}}/" + std::string(name)},
                         {"event", {{{"listen", "test"}, {"script", {{"exec", script}}}}}}});
    }
    const nlohmann::json collection = {{"info", {{"name", "C"}}}, {"item", items}};
    const auto platform = script::Platform::create().value();
    const auto suite = prepare(platform, suite::read_postman(collection.dump(), "c.json").value()).value();
    const auto engine = script::Engine::create(platform).value();
    ScenarioOptions options;
    options.globals.emplace_back("B", server.url());
    const auto done = run_on_lane([&](http::HostConnector& host, OutcomeSink sink) {
        return run_parts(suite, *engine, host, options, {{0}, {1}}, 2, std::move(sink));
    });
    ASSERT_EQ(done.order(), "a b");
    for (const auto& outcome : done.outcomes) {
        ASSERT_EQ(outcome.assertions.size(), 1u);
        EXPECT_EQ(outcome.assertions[0].name, "alone false");
        EXPECT_EQ(outcome.assertions[0].status, check::Status::passed);
    }
    EXPECT_EQ(done.totals.counts.passed, 2u);
}

TEST(Parallel, HurlFilesAreToldInTheirOrder) {
    const auto meeting = std::make_shared<Meeting>();
    testing::Server server([meeting](const testing::Asked& asked) { return (*meeting)(asked); });
    HurlSuite suite;
    suite.name = "s";
    for (const std::string name : {"a", "b"}) {
        auto file = suite::read_hurl("GET {{host}}/" + name + "\nHTTP 200\n", name + ".hurl").value();
        suite.assertions += suite::hurl::assertion_count(file);
        suite.files.push_back(hurl::compile(std::move(file)).value());
    }
    HurlOptions options;
    options.variables.emplace_back("host", hurl::Value{server.url()});
    const auto done = run_on_lane([&](http::HostConnector& host, OutcomeSink sink) {
        return run_files(suite, host, options, 2, std::move(sink));
    });
    ASSERT_EQ(done.outcomes.size(), 2u);
    EXPECT_EQ(done.outcomes[0].folder, "a");
    EXPECT_EQ(done.outcomes[1].folder, "b");
    EXPECT_EQ(done.outcomes[1].position, 1u);
    EXPECT_EQ(done.totals.counts.passed, 2u);
    EXPECT_EQ(done.totals.reach.known, 2u);
}

}  // namespace
}  // namespace assay::harness

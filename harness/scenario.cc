#include "harness/scenario.h"

#include <fmt/format.h>
#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <random>

#include "harness/causes.h"
#include "harness/cookie_store.h"
#include "harness/pause.h"
#include "harness/request_builder.h"
#include "harness/run_client.h"
#include "harness/scenario_exchange.h"
#include "harness/script_runner.h"
#include "harness/suite/postman.h"

namespace assay::harness {
namespace {

namespace asio = boost::asio;
using http::Awaitable;
using suite::Listen;

class Scenario {
 public:
    Scenario(const LoadedSuite& suite, script::Engine& engine, http::Connector& connector,
             const ScenarioOptions& options, OutcomeSink sink, http::LaneExecutor executor)
        : suite_(suite),
          options_(options),
          sink_(std::move(sink)),
          dynamic_(options.seed != 0 ? options.seed : std::random_device()()),
          client_(std::move(executor), connector, options, totals_),
          context_(engine, suite.scripts, scopes_, dynamic_, options.timeout_script),
          scripts_(context_, client_, {scopes_, dynamic_, build_, digest_}, totals_),
          causes_(suite.facts.writers) {
        build_.working_dir = options.working_dir;
        build_.follow_redirects = options.follow_redirects;
        build_.verify_certificate = options.verify_certificate;
    }

    Awaitable<ScenarioRun> run();

 private:
    // What one item left behind for the order of the run.
    struct Turn {
        bool next_set = false;
        std::optional<std::string> next;
        bool failed = false;  // with --bail: an assertion, a script or the request
    };

    void open_scopes();
    Awaitable<void> run_iteration(std::uint32_t iteration);
    void count_unvisited();
    Awaitable<Turn> take_turn(std::uint32_t position, std::uint32_t iteration);
    void deliver(check::RequestOutcome& outcome);
    [[nodiscard]] const check::ItemPlan& plan(std::uint32_t position) const;
    [[nodiscard]] bool keeps(const check::RequestOutcome& outcome) const;
    Awaitable<bool> run_scripts(const std::vector<std::uint32_t>& scripts, script::Input& input,
                                check::RequestOutcome& outcome, Turn& turn);
    void take_result(script::ScriptResult&& result, check::RequestOutcome& outcome, Turn& turn);
    [[nodiscard]] script::Input input_of(const suite::Item& item, std::uint32_t iteration);
    [[nodiscard]] std::optional<std::size_t> jump(const std::string& name) const;

    const LoadedSuite& suite_;
    const ScenarioOptions& options_;
    OutcomeSink sink_;
    BuildOptions build_;
    suite::Scopes scopes_;
    suite::Dynamic dynamic_;
    DigestStates digest_;
    ScenarioRun totals_;
    RunClient client_;
    script::ScriptContext context_;
    ScriptRunner scripts_;
    CauseFinder causes_;

    std::vector<std::size_t> order_;  // indices of the selected items
    std::vector<bool> visited_;       // of all items, in the iteration at work
    std::uint32_t iterations_ = 1;
    std::uint32_t sequence_ = 0;

    // Of the item at work.
    std::vector<std::string> path_;
    const suite::Request* request_ = nullptr;  // as pre-request scripts left it: the item's, or `changed_`
    suite::Request changed_;
    std::string host_;
    std::string page_;  // the URL that went out; empty before the first
};

void Scenario::open_scopes() {
    if (options_.globals_file) scopes_.globals = options_.globals_file->scope;
    for (const auto& [key, value] : options_.globals) scopes_.globals.set(key, value);
    if (options_.environment_file) {
        scopes_.environment = options_.environment_file->scope;
        scopes_.environment_name = options_.environment_file->name;
    }
    for (const auto& [key, value] : options_.environment) scopes_.environment.set(key, value);
    scopes_.collection = suite_.suite.variables;
}

// The run, top to bottom: iterations of the selected items, in order or as scripts say.
Awaitable<ScenarioRun> Scenario::run() {
    const auto begun = Clock::now();
    auto order = options_.items.empty() ? selected_items(suite_.suite, options_.folders) : options_.items;
    if (!order) {
        totals_.fault = std::move(order).error();
        co_return totals_;
    }
    order_ = std::move(*order);
    for (const auto index : order_) {
        if (auto supported = check_supported(suite_.suite, suite_.suite.items[index]); !supported) {
            totals_.fault = std::move(supported).error();
            co_return totals_;
        }
        totals_.reach.open += !suite_.facts.plan.complete && plan(static_cast<std::uint32_t>(index)).open ? 1 : 0;
    }
    open_scopes();
    iterations_ = options_.rounds();

    for (std::uint32_t iteration = 0; iteration < iterations_; ++iteration) {
        if (!options_.data.empty()) {
            scopes_.data = options_.data[std::min<std::size_t>(iteration, options_.data.size() - 1)];
        }
        visited_.assign(suite_.suite.items.size(), false);
        if (!totals_.bailed) co_await run_iteration(iteration);
        if (totals_.fault) co_return totals_;
        count_unvisited();
    }
    totals_.elapsed = std::chrono::duration_cast<Micros>(Clock::now() - begun);
    co_return totals_;
}

Awaitable<void> Scenario::run_iteration(std::uint32_t iteration) {
    for (std::size_t at = 0; at < order_.size();) {
        if (options_.requests_at_most != 0 && sequence_ >= options_.requests_at_most) {
            totals_.fault = Error{"run suite", 0, fmt::format("{} requests and no end", sequence_),
                                  "look for a setNextRequest that jumps in a circle"};
            co_return;
        }
        const Turn turn = co_await take_turn(static_cast<std::uint32_t>(order_[at]), iteration);
        if (totals_.fault) co_return;
        if (options_.bail && turn.failed) {
            totals_.bailed = true;
            co_return;
        }
        ++at;
        if (turn.next_set) {  // an unknown name ends the iteration, as null does
            const auto target = turn.next ? jump(*turn.next) : std::nullopt;
            at = target.value_or(order_.size());
        }
    }
}

// What scripts jumped over, and what --bail left out, is unreached.
void Scenario::count_unvisited() {
    for (const auto index : order_) {
        if (visited_[index]) continue;
        const auto known = plan(static_cast<std::uint32_t>(index)).known();
        totals_.reach.known += known;
        totals_.reach.unreached += known;
    }
}

const check::ItemPlan& Scenario::plan(std::uint32_t position) const {
    static const check::ItemPlan kNone;  // a suite without facts
    const auto& items = suite_.facts.plan.items;
    return position < items.size() ? items[position] : kNone;
}

// Everything of a step is known: what it did not reach, what it follows from, into the totals, and out.
void Scenario::deliver(check::RequestOutcome& outcome) {
    const auto& planned = plan(outcome.position);
    visited_[outcome.position] = true;
    outcome.unreached = check::unreached(planned, outcome);
    totals_.reach.known += planned.known();
    totals_.reach.unreached += static_cast<std::uint32_t>(outcome.unreached.size());
    causes_.end_step(outcome, scopes_);
    totals_.counts += check::count(outcome);
    totals_.script_errors += static_cast<std::uint32_t>(outcome.script_errors.size());
    sink_(std::move(outcome));
}

// Where setNextRequest leads: an id, else the last item of that name.
std::optional<std::size_t> Scenario::jump(const std::string& name) const {
    std::optional<std::size_t> named;
    for (std::size_t i = 0; i < order_.size(); ++i) {
        const auto& item = suite_.suite.items[order_[i]];
        if (!item.id.empty() && item.id == name) return i;
        if (!item.name.empty() && item.name == name) named = i;
    }
    return named;
}

// One item: delay, pre-request scripts, request, test scripts, outcome.
Awaitable<Scenario::Turn> Scenario::take_turn(std::uint32_t position, std::uint32_t iteration) {
    const auto& item = suite_.suite.items[position];
    Turn turn;
    if (options_.delay.count() > 0) co_await sleep_until(Clock::now() + options_.delay);
    path_ = {suite_.suite.name};
    path_.insert(path_.end(), item.folders.begin(), item.folders.end());
    path_.push_back(item.name);
    request_ = &item.request;

    check::RequestOutcome outcome;
    outcome.sequence = sequence_++;
    outcome.position = position;
    scopes_.begin_step(sequence_);
    outcome.iteration = iteration;
    outcome.item = item.name;
    outcome.folder = fmt::format("{}", fmt::join(item.folders, " / "));

    auto input = input_of(item, iteration);
    input.listen = Listen::prerequest;
    input.request = [this] { return suite::request_json(*request_); };
    const bool send_it = co_await run_scripts(item.prerequest, input, outcome, turn);
    if (totals_.fault) co_return turn;
    if (!send_it || (options_.bail && turn.failed)) {
        outcome.skipped = !send_it;
        deliver(outcome);
        co_return turn;
    }

    auto built = build_request(item, *request_, scopes_, dynamic_, build_, digest_);
    outcome.method = built.wire.method;
    outcome.url = built.shown_url;
    outcome.request_size = built.wire.body.size();
    ++totals_.requests;
    const bool may_keep = options_.keep != ScenarioOptions::Keep::none;
    const std::string cookies = may_keep ? cookie_header(client_.http(), built.wire.url) : std::string();
    auto exchange = co_await client_.send(built.wire, outcome.presumed);
    if (exchange && answer_challenge(built.auth, *exchange, dynamic_, digest_)) {
        built = build_request(item, *request_, scopes_, dynamic_, build_, digest_);
        exchange = co_await client_.send(built.wire, outcome.presumed);
    }
    std::optional<Answered> answered;
    if (exchange) {
        answered.emplace(std::move(*exchange));
        const auto& response = answered->response;
        outcome.answer =
            check::Answer{response.code, response.reason, answered->time(), response.body.size(), response.redirects};
    } else {
        ++totals_.failed_requests;
        outcome.error = exchange.error().message;
        turn.failed = true;
    }

    if (!options_.bail || !turn.failed) {
        scopes_.answered();
        input.listen = Listen::test;
        input.response = answered ? &answered->view : nullptr;
        const auto& url = built.wire.url;
        input.request = [&] { return sent_request_json(built, cookie_header(client_.http(), url), dynamic_); };
        input.cookies = [&] { return client_.http().cookies(url); };
        page_ = url;
        host_.clear();
        for (const auto& label : built.request.url.host) host_.append(host_.empty() ? "" : ".").append(label);
        input.domain = host_;
        co_await run_scripts(item.test, input, outcome, turn);
        if (totals_.fault) co_return turn;
    }
    if (keeps(outcome)) {
        outcome.exchange =
            std::make_shared<check::Exchange>(exchange_of(built, cookies, answered ? &*answered : nullptr, dynamic_));
    }
    deliver(outcome);
    co_return turn;
}

bool Scenario::keeps(const check::RequestOutcome& outcome) const {
    if (options_.keep != ScenarioOptions::Keep::failed) return options_.keep == ScenarioOptions::Keep::all;
    return !outcome.error.empty() || !outcome.script_errors.empty() || check::count(outcome).failed != 0;
}

script::Input Scenario::input_of(const suite::Item& item, std::uint32_t iteration) {
    script::Input input;
    input.item_id = item.id;
    input.item_name = item.name;
    input.path = &path_;
    input.iteration = iteration;
    input.iterations = iterations_;
    input.cookie_store = [this](std::string_view method, std::string_view arguments) {
        const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
        return call_cookie_store(client_.http().jar(), method, arguments, page_, now);
    };
    return input;
}

// False when a pre-request script said to skip the request. With --bail the first failing script is the last one.
Awaitable<bool> Scenario::run_scripts(const std::vector<std::uint32_t>& scripts, script::Input& input,
                                      check::RequestOutcome& outcome, Turn& turn) {
    for (const auto index : scripts) {
        script::ScriptResult result;
        input.owner = suite_.suite.scripts[index].owner;
        co_await scripts_.run(index, input, result);
        if (totals_.fault) co_return false;
        const bool skipped = result.skipped;
        if (result.changed_request && !skipped) {
            // Auth and behaviour of the item stay; what the script made is read like a collection.
            if (auto changed = suite::read_request(*result.changed_request)) {
                changed_ = std::move(*changed);
                request_ = &changed_;
            } else {
                result.errors.push_back({"prerequest", "Error", changed.error().to_string(), 0});
            }
        }
        take_result(std::move(result), outcome, turn);
        if (skipped) co_return false;
        if (options_.bail && turn.failed) break;
    }
    co_return true;
}

void Scenario::take_result(script::ScriptResult&& result, check::RequestOutcome& outcome, Turn& turn) {
    const auto is_failed = [](const check::Assertion& a) { return a.status == check::Status::failed; };
    turn.failed = turn.failed || !result.errors.empty() ||
                  std::any_of(result.assertions.begin(), result.assertions.end(), is_failed);
    if (result.next_set) {
        turn.next_set = true;
        turn.next = std::move(result.next_request);
    }
    const auto append = [](auto& to, auto& from) {
        to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
    };
    append(outcome.assertions, result.assertions);
    append(outcome.script_errors, result.errors);
    append(outcome.console, result.console);
}

}  // namespace

http::Awaitable<ScenarioRun> run_scenario(const LoadedSuite& suite, script::Engine& engine, http::Connector& connector,
                                          const ScenarioOptions& options, OutcomeSink sink) {
    Scenario scenario(suite, engine, connector, options, std::move(sink), co_await asio::this_coro::executor);
    co_return co_await scenario.run();
}

}  // namespace assay::harness

#include "harness/evaluate.h"

#include <fmt/format.h>

#include <unistd.h>
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <nlohmann/json.hpp>

#include "base/tree.h"
#include "harness/batch/source.h"
#include "harness/connect.h"
#include "harness/diagnose.h"
#include "harness/hurl_scenario.h"
#include "harness/report/newman_csv.h"
#include "harness/scenario.h"
#include "images/manifest_files.h"
#include "images/mounts.h"
#include "images/setup.h"
#include "images/warm_template.h"
#include "runtime/log_capture.h"
#include "runtime/readiness.h"
#include "runtime/services.h"
#include "runtime/starvation.h"

namespace assay::harness {

namespace asio = boost::asio;
using runtime::Fault;
using runtime::Task;

namespace {

template <typename T>
using OrFault = tl::expected<T, Fault>;

// Counters as they moved from `before` to `now`; peaks are the phase's own.
sandbox::Usage since(const sandbox::Usage& before, sandbox::Usage now) {
    auto moved = [](Micros from, Micros to) {
        const bool known = from != sandbox::kNotMeasured && to != sandbox::kNotMeasured;
        return known ? to - from : to;
    };
    now.wall -= before.wall;
    now.cpu_user -= before.cpu_user;
    now.cpu_system -= before.cpu_system;
    now.throttled_periods -= before.throttled_periods;
    now.throttled = moved(before.throttled, now.throttled);
    now.stalled_cpu = moved(before.stalled_cpu, now.stalled_cpu);
    now.stalled_memory = moved(before.stalled_memory, now.stalled_memory);
    now.stalled_io = moved(before.stalled_io, now.stalled_io);
    return now;
}

// The wall time of each phase, in order, and what the server used in it.
class Phases {
 public:
    void server_started() { counted_.reset(); }
    // The server's counters as they stand now, at the end of the phase.
    void used(const sandbox::Usage& now) {
        server_ = since(counted_.value_or(sandbox::Usage{}), now);
        counted_ = now;
    }
    // The last word. On a host that counts nothing before the end it is about no phase.
    void used_in_all(const sandbox::Usage& end) {
        if (counted_) used(end);
    }
    void begin(std::string name) {
        end();
        open_ = std::move(name);
        since_ = Clock::now();
    }
    void end() {
        if (!open_.empty())
            done_.push_back({std::move(open_), std::chrono::duration_cast<Micros>(Clock::now() - since_), server_});
        open_.clear();
        server_.reset();
    }
    [[nodiscard]] std::vector<collect::Phase> take() {
        end();
        return std::move(done_);
    }

 private:
    std::string open_;
    Instant since_;
    std::optional<sandbox::Usage> counted_;
    std::optional<sandbox::Usage> server_;
    std::vector<collect::Phase> done_;
};

// A folder of the launcher's stage, for one attempt; it goes when the attempt goes.
class StageFolder {
 public:
    static Result<StageFolder> make(Session& session, const runtime::LauncherHost& launcher) {
        StageFolder folder;
        folder.stage_ = launcher.stage();
        folder.name_ = std::to_string(session.next_stage.fetch_add(1));
        ASSAY_TRY(folder.directory_, make_directory_at(folder.stage_, folder.name_));
        return folder;
    }
    StageFolder(StageFolder&& other) noexcept
        : stage_(std::exchange(other.stage_, -1)),
          name_(std::move(other.name_)),
          directory_(std::move(other.directory_)) {}
    StageFolder& operator=(StageFolder&&) = delete;
    ~StageFolder() {
        if (stage_ >= 0) (void)remove_tree_at(stage_, name_);  // what stays, goes with the launcher's tmpfs
    }
    [[nodiscard]] int directory() const noexcept { return directory_.get(); }
    [[nodiscard]] std::string inside() const { return std::string(sandbox::kHiddenRoot) + "/stage/" + name_; }

 private:
    StageFolder() = default;
    int stage_ = -1;
    std::string name_;
    Fd directory_;
};

// What one attempt found out; a fault ends it early.
struct Attempted {
    std::string suite;  // its name
    std::vector<check::RequestOutcome> outcomes;
    collect::Verdict verdict;
    collect::ServerLife server;
    std::vector<runtime::ServiceLife> services;
    std::string rejected;  // why there was nothing to start
    std::string log;
    std::string dependency_log;
    std::string starved;  // why a passed deadline is not believed; empty = everything is
};

// A suite's run against one server.
struct Fired {
    std::vector<check::RequestOutcome> outcomes;
    ScenarioRun run;
};

using Structure = runtime::Event<std::vector<verify::RuleVerdict>>;

constexpr std::uint64_t kDependencyLogLimit = 4u << 20;

// The stage's files belong to the sandbox's outer user; only root can, and has to, give them away.
batch::Owner owner(const runtime::LauncherHost& launcher) {
    if (launcher.outer_uid() == ::geteuid()) return {};
    return {launcher.outer_uid(), launcher.outer_gid()};
}

class Evaluation {
 public:
    Evaluation(Session& session, const batch::Submission& submission, const ImageHost& image)
        : session_(session), submission_(submission), image_(image) {}

    // One try, and the end of whatever was started beside the server.
    Task<OrFault<Attempted>> attempt(bool alone);
    Phases phases;

 private:
    Task<OrFault<Attempted>> evaluate_once(bool alone);
    OrFault<void> start_services(const images::Manifests& manifests);
    Structure verify_beside(const verify::Written* written);
    Task<runtime::Layers::Made> layer_for(std::string key, const char* waiting, runtime::Layers::Make make,
                                          runtime::Admission::Slot& slot);
    Task<OrFault<images::Layer>> dependencies(images::Manifests manifests, runtime::Admission::Slot& slot);
    Task<images::Layer> warm_template(const images::Layer& layer, runtime::Admission::Slot& slot);
    sandbox::Spec plan(const StageFolder& stage, const images::Layer& layer, const images::Layer& warm) const;
    Task<OrFault<Fired>> fire(const AnySuite& suite, runtime::Sandbox* server);
    void doubt_readiness(const runtime::CpuLook& now);
    void doubt_timeout(const runtime::Sandbox& server);
    ScenarioOptions scenario_options(const runtime::Sandbox* server);
    HurlOptions hurl_options(const runtime::Sandbox* server);
    void event(const char* name, const nlohmann::json& data) { session_.collector.event(submission_.id, name, data); }

    Session& session_;
    const batch::Submission& submission_;
    const ImageHost& image_;
    std::vector<std::string> own_setup_;
    ServiceList beside_;                         // of this attempt
    std::optional<runtime::Services> services_;  // while they run
    runtime::CpuTimes launched_on_;              // the machine at the moment of launch
    runtime::CpuLook last_look_;
    Attempted found_;
};

Task<OrFault<Attempted>> Evaluation::attempt(bool alone) {
    auto found = co_await evaluate_once(alone);
    // A fault on the way leaves them running; theirs would be its consequence.
    if (auto left = std::exchange(services_, std::nullopt)) (void)co_await left->stop();
    co_return found;
}

Task<OrFault<Attempted>> Evaluation::evaluate_once(bool alone) {
    found_ = {};
    auto suite =
        session_.suites.load(session_.policy.suite.empty() ? submission_.task->collection : session_.policy.suite);
    if (!suite) co_return tl::unexpected(Fault{"read suite", suite.error().to_string(), false});

    found_.suite = name_of(*suite);

    // Waiting happens here, not inside a running sandbox.
    phases.begin("admit");
    auto slot = co_await session_.admission.admit(alone);
    if (!alone) --session_.not_admitted;
    event("admitted", {{"alone", alone}});

    phases.begin("materialise");
    auto stage = StageFolder::make(session_, *image_.launcher);
    if (!stage) co_return tl::unexpected(Fault{"materialise", stage.error().to_string(), true});
    auto source = batch::materialise(submission_, stage->directory(), owner(*image_.launcher));
    if (!source && source.error().fault)
        co_return tl::unexpected(Fault{"materialise", source.error().error.to_string(), true});
    if (!source) found_.rejected = "the source was rejected: " + source.error().error.to_string();
    auto structure = verify_beside(source ? &source->added : nullptr);

    images::Layer layer, warm;
    if (source) {
        phases.begin("dependencies");
        images::Manifests manifests = images::with_includes(std::move(source->manifests), stage->directory());
        if (auto started = start_services(manifests); !started) co_return tl::unexpected(started.error());
        auto made = co_await dependencies(std::move(manifests), slot);
        if (!made) co_return tl::unexpected(made.error());
        layer = std::move(*made);
        warm = co_await warm_template(layer, slot);
    }

    std::optional<runtime::Sandbox> server;
    auto log = runtime::LogCapture::start(session_.reactor, session_.policy.log_kept);
    if (!log) co_return tl::unexpected(Fault{"capture log", log.error().to_string(), true});
    if (found_.rejected.empty()) {
        // Before the server, so that it never finds a database that is still on its way up.
        phases.begin("services");
        if (auto fault = co_await services_->ready()) co_return tl::unexpected(std::move(*fault));
        phases.begin("launch");
        sandbox::Spec spec = plan(*stage, layer, warm);
        services_->join(spec);
        launched_on_ = runtime::read_cpu_times();
        const sandbox::Stdio stdio{-1, log->write_end(), log->write_end()};
        // The route of replies may outlive this attempt by a moment, the collector outlives both.
        runtime::OnRefused on_refused = [&collector = session_.collector,
                                         id = submission_.id](const sandbox::RefusedCall& refused) {
            collector.event(id, "refused", collect::to_json(refused));
        };
        auto launched = co_await image_.launcher->launch(spec, stdio, std::move(on_refused));
        log->close_write_end();
        if (launched) {
            server.emplace(std::move(*launched));
            log->limit(session_.policy.output, server->ender("output"));
        } else if (auto* fault = std::get_if<Fault>(&launched.error())) {
            co_return tl::unexpected(*fault);
        } else {
            found_.rejected = "the start command could not be run: " +
                              std::get<runtime::LaunchRefused>(launched.error()).error.to_string();
        }
    }

    if (server) {
        event("launched", {{"sandbox", server->id()}, {"start", found_.server.warm_template ? "warm" : "cold"}});
        phases.server_started();
        phases.begin("ready");
        const runtime::HealthCheck check{"conduit", submission_.task->port, submission_.task->healthcheck,
                                         session_.policy.ready_timeout};
        auto ready = co_await runtime::await_ready(session_.reactor, *server, check);
        if (!ready) co_return tl::unexpected(ready.error());
        found_.server.readiness = *ready;
        last_look_ = runtime::look_at_cpu(server->pidfd());
        doubt_readiness(last_look_);
        if (auto used = co_await server->look()) phases.used(*used);
        event("ready", {{"state", runtime::to_string(ready->state)}, {"after_us", ready->after.count()}});
    }

    // As in the paper's pipeline the suite is fired even when the server never became healthy.
    phases.begin("suite");
    auto fired = co_await fire(*suite, server ? &*server : nullptr);
    if (!fired) co_return tl::unexpected(fired.error());
    found_.outcomes = std::move(fired->outcomes);

    if (server)
        if (auto used = co_await server->look()) phases.used(*used);
    phases.begin("stop");
    if (server) {
        found_.server.stopped_by_us = !server->has_ended();
        server->kill();
        auto exit = co_await server->ended();
        if (!exit) co_return tl::unexpected(exit.error());
        phases.used_in_all(exit->usage);
        found_.server.exit = std::move(*exit);
    }
    if (auto running = std::exchange(services_, std::nullopt)) {
        auto lives = co_await running->stop();
        if (!lives) co_return tl::unexpected(std::move(lives.error()));
        found_.services = std::move(*lives);
    }
    found_.log = log->text();
    if (found_.server.exit) runtime::add_output(*log, *found_.server.exit);
    phases.end();
    slot.release();

    auto& verdict = found_.verdict;
    verdict.counts = check::count(found_.outcomes);
    verdict.requests = static_cast<std::uint32_t>(found_.outcomes.size());
    verdict.presumed = fired->run.presumed;
    verdict.cut_short = check::cut_short(found_.outcomes);
    verdict.reach = fired->run.reach;
    verdict.causes = check::causes_of(found_.outcomes);
    for (auto& rule : co_await structure.wait())
        if (rule.applicable) verdict.structure.push_back(std::move(rule));
    co_return std::move(found_);
}

// They start beside what comes before the server's launch.
OrFault<void> Evaluation::start_services(const images::Manifests& manifests) {
    auto wanted = wanted_services(*submission_.task, manifests, session_.services);
    if (!wanted) return tl::unexpected(std::move(wanted.error()));
    beside_ = std::move(*wanted);
    std::vector<runtime::ServiceOrder> orders;
    for (const auto& recipe : beside_)
        orders.push_back({recipe, [&store = session_.layer_store, recipe] { return store.ensure_service(*recipe); }});
    services_ =
        session_.service_pool.take(session_.scheduler.executor(), image_.launcher, orders, session_.not_admitted > 0);
    return {};
}

// Structure is a task of its own, beside everything that follows.
Structure Evaluation::verify_beside(const verify::Written* written) {
    Structure structure(session_.reactor.context());
    if (written == nullptr || !session_.policy.verify)
        structure.set({});
    else
        asio::post(session_.scheduler.executor(),
                   [structure, added = *written, constraints = submission_.task->constraints] {
                       structure.set(verify::judge_paper(added, constraints));
                   });
    return structure;
}

// A layer that has to be built is waited for without a slot: others run meanwhile. `waiting` is the event that says so.
Task<runtime::Layers::Made> Evaluation::layer_for(std::string key, const char* waiting, runtime::Layers::Make make,
                                                  runtime::Admission::Slot& slot) {
    if (auto known = session_.layers.find(key)) co_return std::move(*known);
    slot.park();
    event(waiting, {{"state", "wait"}});
    auto made = co_await session_.layers.ensure(key, std::move(make));
    co_await slot.unpark();
    co_return made;
}

Task<OrFault<images::Layer>> Evaluation::dependencies(images::Manifests manifests, runtime::Admission::Slot& slot) {
    const images::LayerRequest request{image_.recipe.name, std::move(manifests), submission_.task->setup_cmds};
    auto setup = images::plan_setup(image_.recipe, request.manifests, request.setup);
    if (!setup) {
        found_.rejected = "its dependencies could not be installed: " + setup.error().to_string();
        co_return images::Layer();
    }
    own_setup_ = std::move(setup->commands);
    if (!setup->layer) co_return images::Layer();

    // GCC 12 destroys some temporaries of a co_await expression twice: what owns something has a name.
    std::string key = image_.recipe.name + setup->layer->digest();
    runtime::Layers::Make make = [this, request] { return session_.layer_store.ensure(request); };
    auto layer = co_await layer_for(std::move(key), "dependencies", std::move(make), slot);
    if (layer) co_return std::move(*layer);
    const images::LayerFailure& failure = layer.error();
    if (auto log = failure.log.empty() ? Result<std::string>() : read_file(failure.log, kDependencyLogLimit))
        found_.dependency_log = *log;
    if (!failure.of_submission())
        co_return tl::unexpected(Fault{"dependencies", failure.to_string(), failure.retryable()});
    found_.rejected = "its dependencies could not be installed: " + failure.to_string();
    co_return images::Layer();
}

// Without one the server starts cold, for a reason that the record has: never a fault, nor the submission's affair.
Task<images::Layer> Evaluation::warm_template(const images::Layer& layer, runtime::Admission::Slot& slot) {
    std::string& why = found_.server.why_cold;
    if (!session_.policy.warm || !image_.recipe.warm) co_return images::Layer();
    why = images::no_warm_templates(image_.recipe);
    if (why.empty() && !layer) why = "it has no dependency layer";
    if (!why.empty()) co_return images::Layer();

    std::string key = "warm " + layer.info().key;
    runtime::Layers::Make make = [this, layer] { return session_.layer_store.ensure_warm(image_.recipe, layer); };
    auto made = co_await layer_for(std::move(key), "warm_template", std::move(make), slot);
    why = made ? images::warm_refusal(made->info()) : made.error().to_string();
    if (!why.empty()) co_return images::Layer();
    found_.server.warm_template = true;
    co_return std::move(*made);
}

// A deadline that passed is not believed when the server was kept from the CPU while it ran: found_.starved says why.
void Evaluation::doubt_readiness(const runtime::CpuLook& now) {
    using State = runtime::Readiness::State;
    const State state = found_.server.readiness->state;
    if (state != State::silent && state != State::unhealthy) return;
    if (auto why = runtime::doubt({{}, {}, launched_on_}, now, session_.policy.ready_timeout); !why.empty())
        found_.starved = "it was not ready in time: " + why;
}

// Asked at each timeout, while the thread that was late still lives and its waiting can be seen.
void Evaluation::doubt_timeout(const runtime::Sandbox& server) {
    if (!found_.starved.empty()) return;
    const auto before = std::exchange(last_look_, runtime::look_at_cpu(server.pidfd()));
    if (auto why = runtime::doubt(before, last_look_, session_.policy.timeout_request); !why.empty())
        found_.starved = "a request timed out: " + why;
}

sandbox::Spec Evaluation::plan(const StageFolder& stage, const images::Layer& layer, const images::Layer& warm) const {
    const batch::Task& task = *submission_.task;
    sandbox::Spec spec;
    spec.label = submission_.id;
    // Set-up commands that do more than install run here, as in the paper's container: before the server, whatever
    // they return.
    std::string command;
    for (const std::string& each : own_setup_) command += each + "\n";
    for (const std::string& each : task.run_cmds) command += each + "\n";
    spec.argv = {"/bin/bash", "-c", command};
    std::vector<const images::Recipe*> services;
    for (const auto& recipe : beside_) services.push_back(recipe.get());
    spec.env = images::server_env(image_.recipe, task.port, services);
    spec.work_tree.lower = {stage.inside()};
    images::apply_layer(layer, spec);
    if (warm) images::apply_warm_template(warm, image_.recipe, spec);
    spec.limits = session_.policy.limits;
    spec.sockets = 3;  // readiness, the suite, one for a connection that the server closed
    return spec;
}

ScenarioOptions Evaluation::scenario_options(const runtime::Sandbox* server) {
    const batch::Task& task = *submission_.task;
    ScenarioOptions options;
    options.timeout_request = session_.policy.timeout_request;
    options.timeout_script = session_.policy.timeout_script;
    options.timeouts_in_a_row = session_.policy.timeouts_in_a_row;
    options.keep = ScenarioOptions::Keep::failed;  // the journal shows what a failure begins with
    options.globals = session_.policy.globals;
    options.globals.emplace_back("APIURL", fmt::format("http://conduit:{}{}", task.port, task.base_url));
    if (server != nullptr) options.on_timeout = [this, server] { doubt_timeout(*server); };
    return options;
}

// The same variables as a collection's globals, and the server without its base path.
HurlOptions Evaluation::hurl_options(const runtime::Sandbox* server) {
    const batch::Task& task = *submission_.task;
    HurlOptions options;
    options.timeout_request = session_.policy.timeout_request;
    options.timeouts_in_a_row = session_.policy.timeouts_in_a_row;
    for (const auto& [name, value] : session_.policy.globals) options.variables.emplace_back(name, hurl::Value{value});
    const auto host = fmt::format("http://conduit:{}", task.port);
    options.variables.emplace_back("APIURL", hurl::Value{host + task.base_url});
    options.variables.emplace_back("host", hurl::Value{host});
    if (server != nullptr) options.on_timeout = [this, server] { doubt_timeout(*server); };
    return options;
}

Task<OrFault<Fired>> Evaluation::fire(const AnySuite& suite, runtime::Sandbox* server) {
    std::unique_ptr<http::Connector> connector;
    SandboxConnector* inside = nullptr;
    if (server != nullptr) {
        auto made = std::make_unique<SandboxConnector>(*server);
        inside = made.get();
        connector = std::move(made);
    } else {
        connector = std::make_unique<RefusingConnector>();
    }
    Fired fired;
    const OutcomeSink sink = [&](check::RequestOutcome outcome) {
        session_.collector.request(submission_.id, outcome);
        fired.outcomes.push_back(std::move(outcome));
    };
    const ScenarioOptions options = scenario_options(server);
    const HurlOptions for_hurl = hurl_options(server);
    std::function<http::Awaitable<ScenarioRun>(script::Engine&, http::LaneExecutor)> make = [&](script::Engine& engine,
                                                                                                http::LaneExecutor) {
        if (const auto* hurl = std::get_if<std::shared_ptr<const HurlSuite>>(&suite))
            return run_hurl(**hurl, *connector, for_hurl, sink);
        return run_scenario(*std::get<std::shared_ptr<const LoadedSuite>>(suite), engine, *connector, options, sink);
    };
    auto run = co_await session_.scheduler.on_lane(std::move(make));
    if (!run) co_return tl::unexpected(Fault{"suite", run.error().to_string(), true});
    if (run->fault) co_return tl::unexpected(Fault{"suite", run->fault->to_string(), false});
    if (inside != nullptr && inside->fault()) co_return tl::unexpected(*inside->fault());
    fired.run = std::move(*run);
    co_return fired;
}

collect::Record new_record(const batch::Submission& submission) {
    collect::Record record;
    record.id = submission.id;
    record.task = submission.task->name;
    record.framework = submission.task->constraints.framework;
    record.level = submission.task->constraints.level();
    record.labels = submission.labels;
    return record;
}

constexpr int kQuietAttempts = 2;      // of a deadline that is not believed
constexpr std::size_t kLogEnd = 2000;  // bytes of the log's end in a record

}  // namespace

Task<void> evaluate(Session& session, const batch::Submission& submission) {
    collect::Record record = new_record(submission);
    const auto image = session.images.find(submission.task->image);
    if (image == session.images.end() || !image->second.why_not.empty()) {
        std::string why = "there is no image \"" + submission.task->image + "\"";
        if (image != session.images.end()) why = image->second.why_not;
        record.outcome = Fault{"image", std::move(why), false};
        session.collector.record(std::move(record));
        co_return;
    }

    Evaluation evaluation(session, submission, image->second);
    auto found = co_await evaluation.attempt(false);
    // A deadline that passed on a starved machine is repeated in quiet before it is believed.
    for (int quiet = 0; found && !found->starved.empty() && quiet < kQuietAttempts; ++quiet) {
        record.attempts.push_back({found->starved, found->verdict.counts});
        found = co_await evaluation.attempt(true);
    }
    if (found && !found->starved.empty()) {
        // Others than this batch keep the machine busy: that says nothing about the submission.
        record.attempts.push_back({found->starved, found->verdict.counts});
        found = tl::unexpected(
            Fault{"suite", "even alone " + found->starved + "; end what else runs, then --resume", true});
    }
    record.phases = evaluation.phases.take();
    if (!found) {
        record.outcome = std::move(found.error());
        session.collector.record(std::move(record));
        co_return;
    }
    record.attempts.push_back({"", found->verdict.counts});
    const std::string log_end =
        found->log.size() > kLogEnd ? found->log.substr(found->log.size() - kLogEnd) : found->log;
    // What a service says of the server's queries stands in its own log.
    std::string logs = found->log;
    for (const runtime::ServiceLife& service : found->services) logs += "\n" + service.log;
    record.failure = diagnose({found->verdict, found->server, found->outcomes, logs, log_end, found->rejected});
    record.server = std::move(found->server);
    record.services = std::move(found->services);
    record.outcome = std::move(found->verdict);
    std::vector<collect::LogFile> files = {{"server.log", std::move(found->log)},
                                           {"dependencies.log", std::move(found->dependency_log)}};
    for (runtime::ServiceLife& service : record.services)
        files.push_back({service.name + ".log", std::move(service.log)});
    if (session.policy.newman_csv)
        files.push_back({"newman-run-report.csv", report::newman_csv(found->suite, found->outcomes)});
    session.collector.record(std::move(record), std::move(files));
}

Task<void> evaluate_all(Session& session, const std::vector<batch::Submission>& submissions, std::uint32_t at_once) {
    // A few coroutines take submissions from one counter: a long batch does not cost a frame for each of its lines.
    auto next = std::make_shared<std::atomic<std::size_t>>(0);
    session.not_admitted = submissions.size();
    std::vector<runtime::Event<bool>> ends;
    const std::size_t takers = std::min<std::size_t>(at_once, submissions.size());
    for (std::size_t taker = 0; taker < takers; ++taker) {
        runtime::Event<bool> end(session.reactor.context());
        ends.push_back(end);
        asio::co_spawn(
            session.scheduler.executor(),
            [&session, &submissions, next]() -> Task<void> {
                for (std::size_t index = (*next)++; index < submissions.size(); index = (*next)++)
                    co_await evaluate(session, submissions[index]);
            },
            [end, &session](const std::exception_ptr& thrown) {
                // Only a broken invariant throws: say so in the journal rather than lose the batch in silence.
                if (thrown)
                    session.collector.event("", "internal_error", {{"reason", "an evaluation ended by an exception"}});
                end.set(thrown == nullptr);
            });
    }
    for (auto& end : ends) co_await end.wait();
    co_await session.service_pool.stop();
}

}  // namespace assay::harness

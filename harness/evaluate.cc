#include "harness/evaluate.h"

#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <nlohmann/json.hpp>

#include "harness/batch/source.h"
#include "harness/diagnose.h"
#include "harness/doubts.h"
#include "harness/fire.h"
#include "harness/phases.h"
#include "harness/prepare.h"
#include "harness/report/newman_csv.h"
#include "harness/stage_folder.h"
#include "harness/start_command.h"
#include "images/manifest_files.h"
#include "images/mounts.h"
#include "images/warm_template.h"
#include "runtime/log_capture.h"
#include "runtime/readiness.h"
#include "runtime/services.h"

namespace assay::harness {

namespace asio = boost::asio;
using runtime::Fault;
using runtime::Task;

namespace {

template <typename T>
using OrFault = tl::expected<T, Fault>;

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

using Server = std::optional<runtime::Sandbox>;  // empty: there was nothing to start
using Structure = runtime::Event<std::vector<verify::RuleVerdict>>;

// The stage's files belong to the sandbox's outer user; only root can, and has to, give them away.
batch::Owner owner(const runtime::LauncherHost& launcher) {
    if (launcher.outer_uid() == ::geteuid()) return {};
    return {launcher.outer_uid(), launcher.outer_gid()};
}

// One attempt.
class Evaluation {
 public:
    Evaluation(Session& session, const batch::Submission& submission, const ImageHost& image, Phases& phases)
        : session_(session), submission_(submission), image_(image), phases_(phases) {}

    // One try, and the end of whatever was started beside the server. Once.
    Task<OrFault<Attempted>> attempt(bool alone);

 private:
    // The list of steps, and those of its steps that take more than a few lines.
    Task<OrFault<Attempted>> evaluate_once(bool alone);
    Structure verify_beside(const verify::Written* written);
    OrFault<void> start_services(const images::Manifests& manifests);
    Task<OrFault<void>> launch(const StageFolder& stage, const Prepared& prepared, runtime::LogCapture& log,
                               Server& server);
    sandbox::Spec plan(const StageFolder& stage, const Prepared& prepared) const;
    Task<OrFault<void>> await_ready(runtime::Sandbox& server);
    Task<OrFault<void>> stop(Server& server);
    void judge(const ScenarioRun& run);
    void event(const char* name, const nlohmann::json& data) { session_.collector.event(submission_.id, name, data); }

    Session& session_;
    const batch::Submission& submission_;
    const ImageHost& image_;
    Phases& phases_;
    ServiceList beside_;
    std::optional<runtime::Services> services_;  // while they run
    Doubts doubts_;
    Attempted found_;
};

Task<OrFault<Attempted>> Evaluation::attempt(bool alone) {
    auto found = co_await evaluate_once(alone);
    // A fault on the way leaves them running; theirs would be its consequence.
    if (auto left = std::exchange(services_, std::nullopt)) (void)co_await left->stop();
    co_return found;
}

Task<OrFault<Attempted>> Evaluation::evaluate_once(bool alone) {
    auto suite =
        session_.suites.load(session_.policy.suite.empty() ? submission_.task->collection : session_.policy.suite);
    if (!suite) co_return tl::unexpected(Fault{"read suite", suite.error().to_string(), false});
    found_.suite = name_of(*suite);

    // Waiting happens here, not inside a running sandbox.
    phases_.begin("admit");
    auto slot = co_await session_.admission.admit(alone);
    if (!alone && !session_.resident) --session_.not_admitted;
    event("admitted", {{"alone", alone}});

    phases_.begin("materialise");
    auto stage = StageFolder::make(session_, *image_.launcher);
    if (!stage) co_return tl::unexpected(Fault{"materialise", stage.error().to_string(), true});
    auto source = batch::materialise(submission_, stage->directory(), owner(*image_.launcher));
    if (!source && source.error().fault)
        co_return tl::unexpected(Fault{"materialise", source.error().error.to_string(), true});
    if (!source) found_.rejected = "the source was rejected: " + source.error().error.to_string();
    auto structure = verify_beside(source ? &source->added : nullptr);

    Prepared prepared;
    if (source) {
        phases_.begin("dependencies");
        images::Manifests manifests = images::with_includes(std::move(source->manifests), stage->directory());
        if (auto started = start_services(manifests); !started) co_return tl::unexpected(started.error());
        auto made = co_await prepare(session_, submission_, image_, std::move(manifests), slot);
        if (!made) co_return tl::unexpected(made.error());
        prepared = std::move(*made);
        found_.rejected = prepared.rejected;
        found_.dependency_log = prepared.dependency_log;
        found_.server.warm_template = static_cast<bool>(prepared.warm);
        found_.server.why_cold = prepared.why_cold;
    }

    Server server;
    auto log = runtime::LogCapture::start(session_.reactor, session_.policy.log_kept);
    if (!log) co_return tl::unexpected(Fault{"capture log", log.error().to_string(), true});
    if (found_.rejected.empty()) {
        // Before the server, so that it never finds a database that is still on its way up.
        phases_.begin("services");
        if (auto fault = co_await services_->ready()) co_return tl::unexpected(std::move(*fault));
        phases_.begin("launch");
        auto launched = co_await launch(*stage, prepared, *log, server);
        if (!launched) co_return tl::unexpected(launched.error());
    }
    if (server) {
        phases_.begin("ready");
        auto waited = co_await await_ready(*server);
        if (!waited) co_return tl::unexpected(waited.error());
    }

    // As in the paper's pipeline the suite is fired even when the server never became healthy.
    phases_.begin("suite");
    std::function<void()> on_timeout;
    if (server) on_timeout = [&] { doubts_.at_timeout(*server, session_.policy.timeout_request); };
    auto fired = co_await fire(session_, submission_, *suite, server ? &*server : nullptr, std::move(on_timeout));
    if (!fired) co_return tl::unexpected(fired.error());
    found_.outcomes = std::move(fired->outcomes);
    found_.starved = doubts_.starved();

    if (server)
        if (auto used = co_await server->look()) phases_.used(*used);
    phases_.begin("stop");
    auto stopped = co_await stop(server);
    if (!stopped) co_return tl::unexpected(stopped.error());
    found_.log = log->text();
    if (found_.server.exit) runtime::add_output(*log, *found_.server.exit);
    phases_.end();
    slot.release();

    judge(fired->run);
    for (auto& rule : co_await structure.wait())
        if (rule.applicable) found_.verdict.structure.push_back(std::move(rule));
    co_return std::move(found_);
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

// They start beside what comes before the server's launch.
OrFault<void> Evaluation::start_services(const images::Manifests& manifests) {
    auto wanted = wanted_services(*submission_.task, manifests, session_.services);
    if (!wanted) return tl::unexpected(std::move(wanted.error()));
    beside_ = std::move(*wanted);
    std::vector<runtime::ServiceOrder> orders;
    for (const auto& recipe : beside_)
        orders.push_back({recipe, [&store = session_.layer_store, recipe] { return store.ensure_service(*recipe); }});
    services_ = session_.service_pool.take(session_.scheduler.executor(), image_.launcher, orders,
                                           session_.resident || session_.not_admitted > 0);
    return {};
}

// Nothing runs when the command could not be started: that is the submission's doing, and no fault.
Task<OrFault<void>> Evaluation::launch(const StageFolder& stage, const Prepared& prepared, runtime::LogCapture& log,
                                       Server& server) {
    sandbox::Spec spec = plan(stage, prepared);
    // Set-up commands that do more than install run here, as in the paper's container: before the server, whatever
    // they return.
    auto ways = start_commands(
        {prepared.own_setup, submission_.task->run_cmds, spec.env, spec.work_dir, image_.recipe.imported.empty()},
        stage.directory());
    services_->join(spec);
    doubts_.at_launch();
    const sandbox::Stdio stdio{-1, log.write_end(), log.write_end()};
    // The route of replies may outlive this attempt by a moment, the collector outlives both.
    runtime::OnRefused on_refused = [&collector = session_.collector,
                                     id = submission_.id](const sandbox::RefusedCall& refused) {
        collector.event(id, "refused", collect::to_json(refused));
    };
    auto launched = co_await launch_first(*image_.launcher, std::move(ways), spec, stdio, on_refused);
    log.close_write_end();
    if (launched) {
        server.emplace(std::move(*launched));
        log.limit(session_.policy.output, server->ender("output"));
        event("launched", {{"sandbox", server->id()}, {"start", found_.server.warm_template ? "warm" : "cold"}});
        phases_.server_started();
    } else if (auto* fault = std::get_if<Fault>(&launched.error())) {
        co_return tl::unexpected(*fault);
    } else {
        found_.rejected = "the start command could not be run: " +
                          std::get<runtime::LaunchRefused>(launched.error()).error.to_string();
    }
    co_return OrFault<void>();
}

sandbox::Spec Evaluation::plan(const StageFolder& stage, const Prepared& prepared) const {
    const batch::Task& task = *submission_.task;
    sandbox::Spec spec;
    spec.label = submission_.id;
    std::vector<const images::Recipe*> services;
    for (const auto& recipe : beside_) services.push_back(recipe.get());
    spec.env = images::server_env(image_.recipe, task.port, services);
    spec.work_tree.lower = {stage.inside()};
    images::apply_layer(prepared.layer, spec);
    if (prepared.warm) images::apply_warm_template(prepared.warm, image_.recipe, spec);
    spec.limits = session_.policy.limits;
    spec.sockets = 3;  // readiness, the suite, one for a connection that the server closed
    return spec;
}

Task<OrFault<void>> Evaluation::await_ready(runtime::Sandbox& server) {
    const runtime::HealthCheck check{"conduit", submission_.task->port, submission_.task->healthcheck,
                                     session_.policy.ready_timeout};
    auto ready = co_await runtime::await_ready(session_.reactor, server, check);
    if (!ready) co_return tl::unexpected(ready.error());
    found_.server.readiness = *ready;
    doubts_.at_readiness(server, ready->state, session_.policy.ready_timeout);
    if (auto used = co_await server.look()) phases_.used(*used);
    event("ready", {{"state", runtime::to_string(ready->state)}, {"after_us", ready->after.count()}});
    co_return OrFault<void>();
}

// The server, then what stands beside it.
Task<OrFault<void>> Evaluation::stop(Server& server) {
    if (server) {
        found_.server.stopped_by_us = !server->has_ended();
        server->kill();
        auto exit = co_await server->ended();
        if (!exit) co_return tl::unexpected(exit.error());
        phases_.used_in_all(exit->usage);
        found_.server.exit = std::move(*exit);
    }
    if (auto running = std::exchange(services_, std::nullopt)) {
        auto lives = co_await running->stop();
        if (!lives) co_return tl::unexpected(std::move(lives.error()));
        found_.services = std::move(*lives);
    }
    co_return OrFault<void>();
}

void Evaluation::judge(const ScenarioRun& run) {
    auto& verdict = found_.verdict;
    verdict.counts = check::count(found_.outcomes);
    verdict.requests = static_cast<std::uint32_t>(found_.outcomes.size());
    verdict.presumed = run.presumed;
    verdict.cut_short = check::cut_short(found_.outcomes);
    verdict.reach = run.reach;
    verdict.causes = check::causes_of(found_.outcomes);
}

Task<OrFault<Attempted>> attempt(Session& session, const batch::Submission& submission, const ImageHost& image,
                                 Phases& phases, bool alone) {
    Evaluation evaluation(session, submission, image, phases);
    co_return co_await evaluation.attempt(alone);
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
    const auto image = co_await session.images.at(submission.task->image);
    if (!image) {
        record.outcome = Fault{"image", image.error().error.to_string(), !image.error().missing};
        session.collector.record(std::move(record));
        co_return;
    }

    Phases phases;
    auto found = co_await attempt(session, submission, **image, phases, false);
    // A deadline that passed on a starved machine is repeated in quiet before it is believed.
    for (int quiet = 0; found && !found->starved.empty() && quiet < kQuietAttempts; ++quiet) {
        record.attempts.push_back({found->starved, found->verdict.counts});
        found = co_await attempt(session, submission, **image, phases, true);
    }
    if (found && !found->starved.empty()) {
        // Others than this batch keep the machine busy: that says nothing about the submission.
        record.attempts.push_back({found->starved, found->verdict.counts});
        found = tl::unexpected(
            Fault{"suite", "even alone " + found->starved + "; end what else runs, then --resume", true});
    }
    record.phases = phases.take();
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

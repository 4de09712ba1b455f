#include "runtime/services.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <deque>

#include "images/mounts.h"
#include "runtime/log_capture.h"

namespace assay::runtime {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::size_t kLogEnd = 600;  // bytes of a log's end in a fault's reason
// A write that does not fit is taken back before the service gives up: a disk with no more than this left was full.
constexpr Bytes kFull = 2_MiB;

// One service that runs.
struct Running {
    std::shared_ptr<const images::Recipe> recipe;
    images::Layer prepared;  // in use until the sandbox has gone
    LogCapture log;
    Sandbox sandbox;
    Instant launched;
    Micros ready_after{0};
};

Fault fault_of(const images::Recipe& recipe, const std::string& what, bool retryable = true) {
    return Fault{"services", recipe.name + ": " + what, retryable};
}

sandbox::Spec plan(const images::Recipe& recipe, const images::Layer& prepared, bool statements) {
    const images::Service& service = *recipe.service;
    sandbox::Spec spec;
    spec.label = recipe.name;
    spec.argv = service.command;
    if (statements) spec.argv.insert(spec.argv.end(), service.statements.begin(), service.statements.end());
    spec.env = recipe.env;
    images::apply_layer(prepared, spec);
    spec.limits.memory = service.memory;
    spec.limits.disk = service.disk;
    spec.limits.processes = service.processes;
    spec.sockets = service.hello.empty() ? 0 : 1;  // to ask it whether it answers
    spec.outlive_main = false;                     // its sandbox ends with its main process: that is how we know
    return spec;
}

// Why it does not answer on the service address; empty when it does. On the reactor's own thread.
Task<std::string> ask(asio::io_context& context, Fd fd, const images::Service& service, Instant deadline) {
    tcp::socket socket(context, tcp::v4(), fd.release());
    asio::steady_timer cutoff(context, deadline);
    auto alive = std::make_shared<bool>(true);
    cutoff.async_wait([&socket, alive](const error_code& error) {
        error_code ignored;
        if (!error && *alive) socket.cancel(ignored);
    });
    const tcp::endpoint endpoint(asio::ip::make_address(sandbox::kServiceAddress), service.port);
    std::string answer(service.answer.size(), '\0');
    error_code error;
    co_await socket.async_connect(endpoint, asio::redirect_error(use_task, error));
    if (!error) co_await asio::async_write(socket, asio::buffer(service.hello), asio::redirect_error(use_task, error));
    if (!error) co_await asio::async_read(socket, asio::buffer(answer), asio::redirect_error(use_task, error));
    *alive = false;
    if (error) co_return fmt::format("port {} does not answer: {}", service.port, error.message());
    if (answer != service.answer) co_return fmt::format("port {} answers otherwise than expected", service.port);
    co_return std::string();
}

// By its own word and, where it has one, by its answer. The word is an event: nothing is polled, and it comes before
// any stranger can write into the log.
Task<std::optional<Fault>> await_answer(Reactor& reactor, Running& service, Instant deadline) {
    const images::Recipe& recipe = *service.recipe;
    const Event<bool> said = service.log.watch_for(recipe.service->ready);
    const auto seen = co_await said.wait_until(deadline);
    if (!seen) co_return fault_of(recipe, "it was not ready in time: " + service.log.tail(kLogEnd));
    if (!*seen) co_return fault_of(recipe, "it ended before it was ready: " + service.log.tail(kLogEnd));
    if (!recipe.service->hello.empty()) {
        auto socket = co_await service.sandbox.socket();
        if (!socket) co_return socket.error();
        const std::string silent = co_await asio::co_spawn(
            reactor.context(), ask(reactor.context(), std::move(*socket), *recipe.service, deadline), use_task);
        if (!silent.empty()) co_return fault_of(recipe, silent + ": " + service.log.tail(kLogEnd));
    }
    service.ready_after = std::chrono::duration_cast<Micros>(Clock::now() - service.launched);
    co_return std::nullopt;
}

// A service that ended by itself is a fault, but not when the submission drove it into a limit: that is its own doing.
std::optional<Fault> judge(const ServiceLife& life, const images::Service& service) {
    using How = sandbox::Exit::How;
    if (life.exit.how == How::killed || !life.exit.limits_hit.empty()) return std::nullopt;
    if (life.exit.usage.disk.count + kFull.count >= service.disk.count) return std::nullopt;
    const std::string end = life.log.size() > kLogEnd ? life.log.substr(life.log.size() - kLogEnd) : life.log;
    const std::string how = life.exit.how == How::signaled ? fmt::format("by signal {}", life.exit.code)
                                                           : fmt::format("with status {}", life.exit.code);
    return Fault{"services", fmt::format("{}: it ended {} while the submission was tested: {}", life.name, how, end),
                 true};
}

}  // namespace

struct Services::State {
    State(Reactor& loop, Layers& made, std::shared_ptr<LauncherHost> host, std::vector<ServiceOrder> all, Options how)
        : reactor(loop),
          layers(made),
          launcher(std::move(host)),
          orders(std::move(all)),
          options(how),
          outcome(loop.context()) {}
    Reactor& reactor;
    Layers& layers;
    std::shared_ptr<LauncherHost> launcher;
    std::vector<ServiceOrder> orders;
    Options options;
    std::deque<Running> running;          // of the coroutine until `outcome` is there
    bool fault = false;                   // what `outcome` holds, set before it
    Event<std::optional<Fault>> outcome;  // the coroutine is over
};

Services Services::start(Reactor& reactor, const asio::any_io_executor& executor, Layers& layers,
                         std::shared_ptr<LauncherHost> launcher, std::vector<ServiceOrder> orders, Options options) {
    auto state = std::make_shared<State>(reactor, layers, std::move(launcher), std::move(orders), options);
    asio::co_spawn(executor, run(state), [state](const std::exception_ptr& thrown, std::optional<Fault> fault) {
        // Only a broken invariant throws.
        if (thrown) fault = Fault{"services", "starting them ended by an exception", false};
        state->fault = fault.has_value();
        state->outcome.set(std::move(fault));
    });
    return Services(std::move(state));
}

Task<std::optional<Fault>> Services::run(std::shared_ptr<State> state) {
    for (const ServiceOrder& order : state->orders) {
        const images::Recipe& recipe = *order.recipe;
        // GCC 12 destroys some temporaries of a co_await expression twice: what owns something has a name.
        const std::string key = "service/" + recipe.name;
        Layers::Make prepare = order.prepare;
        auto prepared = co_await state->layers.ensure(key, std::move(prepare));
        if (!prepared) co_return fault_of(recipe, prepared.error().to_string(), prepared.error().retryable());

        auto log = LogCapture::start(state->reactor, state->options.log_kept);
        if (!log) co_return fault_of(recipe, log.error().to_string());
        sandbox::Spec spec = plan(recipe, *prepared, state->options.statements);
        if (!state->running.empty()) {
            spec.net = sandbox::Net::shared;
            spec.net_of = state->running.front().sandbox.id();
        }
        const sandbox::Stdio stdio{-1, log->write_end(), log->write_end()};
        const Instant now = Clock::now();
        auto launched = co_await state->launcher->launch(spec, stdio);
        log->close_write_end();
        if (!launched) {
            if (auto* fault = std::get_if<Fault>(&launched.error())) co_return *fault;
            const auto& refused = std::get<LaunchRefused>(launched.error());
            co_return fault_of(recipe, refused.error.to_string(), false);
        }
        log->limit(state->options.output, launched->ender("output"));
        state->running.push_back({order.recipe, *prepared, std::move(*log), std::move(*launched), now, Micros(0)});
    }
    for (Running& service : state->running) {
        const Instant deadline = service.launched + state->options.ready_timeout;
        if (auto fault = co_await await_answer(state->reactor, service, deadline)) co_return fault;
    }
    co_return std::nullopt;
}

bool Services::failed() const {
    if (!state_->outcome.ready()) return false;
    return state_->fault || std::any_of(state_->running.begin(), state_->running.end(),
                                        [](const Running& service) { return service.sandbox.has_ended(); });
}

Task<std::optional<Fault>> Services::ready() const { return state_->outcome.wait(); }

void Services::join(sandbox::Spec& server) const {
    if (state_->running.empty()) return;
    server.net = sandbox::Net::shared;
    server.net_of = state_->running.front().sandbox.id();
}

Task<tl::expected<std::vector<ServiceLife>, Fault>> Services::stop() {
    std::optional<Fault> fault = co_await state_->outcome.wait();
    std::vector<ServiceLife> lives;
    // The first one's network namespace goes last.
    for (auto service = state_->running.rbegin(); service != state_->running.rend(); ++service) {
        service->sandbox.kill();
        auto exit = co_await service->sandbox.ended();
        if (!exit) {
            if (!fault) fault = exit.error();
            continue;
        }
        std::string text = service->log.text();
        add_output(service->log, *exit);
        lives.push_back({service->recipe->name, service->ready_after, std::move(*exit), std::move(text)});
        if (!fault) fault = judge(lives.back(), *service->recipe->service);
    }
    state_->running.clear();
    if (fault) co_return tl::unexpected(std::move(*fault));
    co_return lives;
}

}  // namespace assay::runtime

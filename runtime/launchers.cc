#include "runtime/launchers.h"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <deque>

namespace assay::runtime {

using sandbox::SandboxId;

// What one sandbox's owner waits for.
struct Sandbox::Route {
    explicit Route(boost::asio::io_context& reactor) : launched(reactor), ended(reactor), reactor_context(reactor) {}
    Event<std::shared_ptr<sandbox::Reply>> launched;  // Launched or LaunchFailed; null when the launcher was lost
    Event<tl::expected<sandbox::Exit, Fault>> ended;
    boost::asio::io_context& reactor_context;
    OnRefused on_refused;
    std::mutex mutex;
    std::optional<sandbox::Exit> main;
    // Requests of one kind are answered in order.
    std::deque<Event<std::shared_ptr<std::vector<Fd>>>> sockets;
    std::deque<Event<std::optional<sandbox::Usage>>> looks;

    // Nobody will answer any more.
    void give_up() {
        std::lock_guard lock(mutex);
        for (auto& waiting : sockets) waiting.set(nullptr);
        sockets.clear();
        for (auto& waiting : looks) waiting.set(std::nullopt);
        looks.clear();
    }
};

namespace {

// The oldest that waits, taken out.
template <class T>
std::optional<T> take_first(std::mutex& mutex, std::deque<T>& waiting) {
    std::lock_guard lock(mutex);
    if (waiting.empty()) return std::nullopt;
    T first = std::move(waiting.front());
    waiting.pop_front();
    return first;
}

}  // namespace

struct LauncherHost::Watch {
    Watch(boost::asio::io_context& context, int raw) : descriptor(context, raw) {}
    ~Watch() { descriptor.release(); }  // the launcher owns it
    boost::asio::posix::stream_descriptor descriptor;
};

LauncherHost::LauncherHost(Reactor& reactor, sandbox::Launcher launcher)
    : reactor_(reactor), launcher_(std::move(launcher)) {}

LauncherHost::~LauncherHost() = default;

void LauncherHost::watch() {
    if (!watch_) watch_ = std::make_unique<Watch>(reactor_.context(), launcher_.fd());
    watch_->descriptor.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                                  [weak = weak_from_this()](const boost::system::error_code& error) {
                                      auto self = weak.lock();
                                      if (!self || error) return;
                                      self->drain();
                                  });
}

// On the reactor thread: take every waiting reply, then wait again.
void LauncherHost::drain() {
    for (;;) {
        Result<std::optional<sandbox::Reply>> reply;
        {
            std::lock_guard lock(mutex_);
            reply = launcher_.receive();
        }
        if (!reply) return lost(reply.error().to_string());
        if (!*reply) break;
        route(std::move(**reply));
    }
    watch();
}

void LauncherHost::route(sandbox::Reply reply) {
    const SandboxId id = std::visit([](const auto& each) { return each.id; }, reply);
    std::shared_ptr<Sandbox::Route> route;
    {
        std::lock_guard lock(mutex_);
        auto found = routes_.find(id);
        if (found == routes_.end()) return;  // its owner has gone
        route = found->second;
    }
    if (std::holds_alternative<sandbox::Launched>(reply) || std::holds_alternative<sandbox::LaunchFailed>(reply)) {
        route->launched.set(std::make_shared<sandbox::Reply>(std::move(reply)));
    } else if (auto* sockets = std::get_if<sandbox::Sockets>(&reply)) {
        if (auto waiting = take_first(route->mutex, route->sockets))
            waiting->set(std::make_shared<std::vector<Fd>>(std::move(sockets->sockets)));
    } else if (auto* used = std::get_if<sandbox::Used>(&reply)) {
        if (auto waiting = take_first(route->mutex, route->looks)) waiting->set(used->usage);
    } else if (auto* refused = std::get_if<sandbox::CallRefused>(&reply)) {
        if (route->on_refused) route->on_refused(refused->call);
    } else if (auto* main = std::get_if<sandbox::MainEnded>(&reply)) {
        std::lock_guard lock(route->mutex);
        route->main = std::move(main->exit);
    } else if (auto* ended = std::get_if<sandbox::Ended>(&reply)) {
        {
            std::lock_guard lock(route->mutex);
            if (!route->main) route->main = ended->exit;
        }
        // Its end comes first: who gets no socket asks whether it has ended, to tell that from a fault of ours.
        route->ended.set(std::move(ended->exit));
        route->give_up();
    }
}

void LauncherHost::lost(const std::string& reason) {
    std::map<SandboxId, std::shared_ptr<Sandbox::Route>> routes;
    {
        std::lock_guard lock(mutex_);
        lost_ = reason;
        routes.swap(routes_);
    }
    for (auto& [id, route] : routes) {
        route->launched.set(nullptr);
        route->ended.set(tl::unexpected(Fault{"sandbox", "its launcher ended: " + reason, true}));
        route->give_up();
    }
}

bool LauncherHost::is_lost() const {
    std::lock_guard lock(mutex_);
    return lost_.has_value();
}

void LauncherHost::forget(SandboxId id) {
    std::lock_guard lock(mutex_);
    routes_.erase(id);
}

Result<void> LauncherHost::request_look(SandboxId id) {
    std::lock_guard lock(mutex_);
    if (lost_) return fail("look", *lost_);
    return launcher_.look(id);
}

Result<void> LauncherHost::request_sockets(SandboxId id, std::uint32_t count) {
    std::lock_guard lock(mutex_);
    if (lost_) return fail("open sockets", *lost_);
    return launcher_.open_sockets(id, count);
}

void LauncherHost::kill(SandboxId id, const std::string& limit) {
    std::lock_guard lock(mutex_);
    if (!lost_) (void)launcher_.kill(id, limit);  // a launcher that has gone has ended its sandboxes
}

Task<tl::expected<Sandbox, NoLaunch>> LauncherHost::launch(const sandbox::Spec& spec, const sandbox::Stdio& stdio,
                                                           OnRefused on_refused) {
    auto route = std::make_shared<Sandbox::Route>(reactor_.context());
    route->on_refused = std::move(on_refused);
    Result<SandboxId> id;
    {
        std::lock_guard lock(mutex_);
        if (lost_) {
            id = fail("launch", *lost_);
        } else {
            id = launcher_.launch(spec, stdio);
            if (id) routes_.emplace(*id, route);
        }
    }
    if (!id) co_return tl::unexpected(NoLaunch(Fault{"launch", id.error().to_string(), true}));

    auto reply = co_await route->launched.wait();
    if (!reply) {
        forget(*id);
        co_return tl::unexpected(NoLaunch(Fault{"launch", "the launcher ended", true}));
    }
    if (auto* failed = std::get_if<sandbox::LaunchFailed>(reply.get())) {
        forget(*id);
        if (failed->program) co_return tl::unexpected(NoLaunch(LaunchRefused{std::move(failed->error)}));
        co_return tl::unexpected(NoLaunch(Fault{"launch", failed->error.to_string(), true}));
    }
    auto& launched = std::get<sandbox::Launched>(*reply);
    co_return Sandbox(shared_from_this(), *id, std::move(route), std::move(launched.pidfd),
                      std::move(launched.sockets));
}

Sandbox::Sandbox(std::shared_ptr<LauncherHost> host, SandboxId id, std::shared_ptr<Route> route, Fd pidfd,
                 std::vector<Fd> sockets)
    : host_(std::move(host)),
      id_(id),
      route_(std::move(route)),
      pidfd_(std::move(pidfd)),
      sockets_(std::move(sockets)) {}

Sandbox& Sandbox::operator=(Sandbox&& other) noexcept {
    std::swap(host_, other.host_);
    std::swap(id_, other.id_);
    std::swap(route_, other.route_);
    std::swap(pidfd_, other.pidfd_);
    std::swap(sockets_, other.sockets_);
    return *this;
}

Sandbox::~Sandbox() {
    if (!host_) return;
    if (!has_ended()) host_->kill(id_);
    host_->forget(id_);
}

bool Sandbox::has_ended() const { return route_->ended.ready(); }

std::optional<sandbox::Exit> Sandbox::main_ended() const {
    std::lock_guard lock(route_->mutex);
    return route_->main;
}

void Sandbox::kill() { host_->kill(id_); }

std::function<void()> Sandbox::ender(std::string limit) const {
    return [host = host_, id = id_, limit = std::move(limit)] { host->kill(id, limit); };
}

Task<tl::expected<sandbox::Exit, Fault>> Sandbox::ended() const { return route_->ended.wait(); }

Task<std::optional<tl::expected<sandbox::Exit, Fault>>> Sandbox::ended_until(Instant deadline) const {
    return route_->ended.wait_until(deadline);
}

Task<std::optional<sandbox::Usage>> Sandbox::look() {
    Event<std::optional<sandbox::Usage>> answer(route_->reactor_context);
    {
        std::lock_guard lock(route_->mutex);
        route_->looks.push_back(answer);
    }
    // Whoever ends it gives up on what waits by then; what came later is ours.
    if (has_ended() || !host_->request_look(id_)) route_->give_up();
    co_return co_await answer.wait();
}

Task<tl::expected<Fd, Fault>> Sandbox::socket() {
    if (sockets_.empty()) {
        Event<std::shared_ptr<std::vector<Fd>>> answer(route_->reactor_context);
        {
            std::lock_guard lock(route_->mutex);
            route_->sockets.push_back(answer);
        }
        if (has_ended()) answer.set(nullptr);
        if (auto asked = host_->request_sockets(id_, 1); !asked)
            co_return tl::unexpected(Fault{"open socket", asked.error().to_string(), true});
        auto sockets = co_await answer.wait();
        if (!sockets || sockets->empty())
            co_return tl::unexpected(Fault{"open socket", "the sandbox has ended", false});
        sockets_ = std::move(*sockets);
    }
    Fd socket = std::move(sockets_.back());
    sockets_.pop_back();
    co_return socket;
}

}  // namespace assay::runtime

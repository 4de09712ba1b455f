// Who runs: one thread, inside the image root, root in its own user namespace at most. It runs no submission code and
// reads nothing that submission code writes: requests come from the parent, reports from inits before and after (not
// while) the target runs in a process of its own.
//
// Who ends whom: the parent closing its end is the end of every sandbox; the launcher's end is the end of every init.
// A sandbox is over when its init has been reaped: the kernel has emptied its pid namespace by then. Only after that
// are its resources read, given back, and `ended` sent, once.

#include "sandbox/launcher/server.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "sandbox/launcher/layout.h"
#include "sandbox/launcher/prepare.h"

namespace assay::sandbox {
namespace {

constexpr auto kCpuLook = std::chrono::milliseconds(20);   // how far a CPU time limit may be overrun, per core
constexpr auto kLastWord = std::chrono::seconds(2);        // an init that is asked to end gets this long
constexpr auto kUnborn = std::chrono::milliseconds(5);     // until a seat has cloned the init that is to be ended
constexpr int kRefusalsAtOnce = 32;                        // then everything else gets its turn
constexpr std::uint32_t kMostSockets = wire::kMaxFds - 1;  // one descriptor is the pidfd

}  // namespace

Server::Server(Parts parts)
    : parts_(std::move(parts)),
      nets_(parts_.identity),
      seats_(parts_.identity, parts_.cgroups, nets_, parts_.net_pool, parts_.refusals.fd() >= 0) {}

void Server::run() {
    while (!parent_gone_ || !sandboxes_.empty()) {
        pollfd ready[4] = {{parent_gone_ ? -1 : kControlFd, POLLIN, 0},
                           {parts_.reports.get(), POLLIN, 0},
                           {parts_.signals.get(), POLLIN, 0},
                           {parts_.refusals.fd(), POLLIN, 0}};
        if (!outgoing_.empty()) ready[0].events |= POLLOUT;
        if (::poll(ready, 4, poll_timeout()) < 0 && errno != EINTR) return;
        if ((ready[0].revents & POLLOUT) != 0) flush();
        if (ready[1].revents != 0) take_reports();
        if (ready[2].revents != 0) {
            signalfd_siginfo infos[8];  // SIGCHLD alone, which does not queue up: one, and no second look for more
            static_cast<void>(!::read(parts_.signals.get(), infos, sizeof infos));
            reap();
        }
        check_deadlines();
        if ((ready[0].revents & ~POLLOUT) != 0) take_requests();
        if (ready[3].revents != 0) take_refusals();
    }
}

void Server::take_requests() {
    for (;;) {
        auto message = wire::receive(kControlFd, false);
        if (!message) {
            if (message.error().code == EAGAIN) return;
            parent_gone_ = true;
            for (auto& [id, sandbox] : sandboxes_) {
                end(*sandbox, "");
                force(*sandbox, std::chrono::steady_clock::now());
            }
            return;
        }
        handle(*message);
    }
}

void Server::handle(wire::Message& message) {
    switch (message.kind) {
        case wire::Kind::launch:
            if (auto request = wire::decode<wire::Launch>(message.body))
                launch(std::move(*request), std::move(message.fds));
            return;
        case wire::Kind::open_sockets:
            if (auto request = wire::decode<wire::SocketCount>(message.body)) open_sockets(*request);
            return;
        case wire::Kind::look:
            if (auto request = wire::decode<wire::Name>(message.body)) look(request->id);
            return;
        case wire::Kind::kill:
            if (auto request = wire::decode<wire::Kill>(message.body)) {
                auto at = sandboxes_.find(request->id);
                if (at != sandboxes_.end()) end(*at->second, request->limit);
            }
            return;
        default: return;
    }
}

void Server::launch(wire::Launch request, std::vector<Fd> fds) {
    auto sandbox = std::make_unique<Sandbox>();
    Sandbox& made = *sandbox;
    made.id = request.id;
    made.spec = std::move(request.spec);
    made.stdio = std::move(fds);
    auto started = start(made, request.stdio);
    if (started) {
        sandboxes_[made.id] = std::move(sandbox);
        return;
    }
    fail_launch(made.id, started.error(), false);
    if (made.seat != nullptr) made.seat->keep = false;  // half prepared
    give_back(made);
}

Result<void> Server::start(Sandbox& sandbox, std::uint8_t stdio) {
    const Spec& spec = sandbox.spec;
    if (spec.argv.empty()) return fail_errno(EINVAL, "launch", "no program named");
    if (spec.sockets > kMostSockets) return fail_errno(EINVAL, "launch", "too many sockets asked for");
    auto filter = std::find_if(parts_.filters.begin(), parts_.filters.end(),
                               [&](const wire::Filter& other) { return other.name == spec.policy; });
    if (filter == parts_.filters.end()) return fail_errno(EINVAL, "launch", "unknown seccomp policy " + spec.policy);
    std::shared_ptr<NetNs> shared;
    if (spec.net == Net::shared) {
        auto host = sandboxes_.find(spec.net_of);
        if (host == sandboxes_.end())
            return fail_errno(ESRCH, "launch", "no running sandbox " + std::to_string(spec.net_of) + " to share with");
        shared = host->second->seat->net;
        if (!shared) return fail_errno(EAGAIN, "launch", "the sandbox to share with does not run yet");
    }

    ASSAY_TRY(sandbox.seat, seats_.take(spec.net == Net::fresh, std::move(shared)));
    Seat& seat = *sandbox.seat;
    ASSAY_CHECK(prepare(spec, filter->program, (parts_.cgroups.offers() & kPids) == 0, seat.arena));
    Plan& plan = seat.arena.board().plan;
    plan.id = sandbox.id;
    plan.privilege = parts_.identity.privilege;
    std::size_t next = 0;
    for (int i = 0; i < 3; ++i) {
        if ((stdio & (1 << i)) == 0) continue;
        if (next == sandbox.stdio.size()) return fail_errno(EBADMSG, "launch", "a descriptor of stdio is missing");
        plan.stdio[i] = sandbox.stdio[next++].get();
    }
    if (seat.group != nullptr) {
        std::vector<int> join;
        ASSAY_CHECK(parts_.cgroups.begin(*seat.group, spec.limits, join));
        plan.join = seat.arena.list(join);
        plan.join_count = static_cast<unsigned>(join.size());
    }
    plan.new_net = seat.fresh;
    plan.new_ipc = parts_.refusals.fd() < 0;
    // Before the seat goes on: a failure can still be told without ending anything.
    if (!seat.fresh) {
        ASSAY_TRY(sandbox.sockets, nets_.make_sockets(*seat.net, spec.sockets));
    }
    seats_.launch(seat,
                  std::all_of(sandboxes_.begin(), sandboxes_.end(), [](auto& other) { return other.second->runs; }));
    return {};
}

void Server::open_sockets(const wire::SocketCount& request) {
    std::vector<Fd> sockets;
    auto at = sandboxes_.find(request.id);
    if (at != sandboxes_.end() && at->second->seat->net) {
        auto made = nets_.make_sockets(*at->second->seat->net, std::min(request.count, kMostSockets));
        if (made) sockets = std::move(*made);
    }
    reply(wire::Kind::sockets, wire::encode(wire::Name{request.id}), std::move(sockets));
}

void Server::look(std::uint64_t id) {
    wire::Used answer;
    answer.id = id;
    auto at = sandboxes_.find(id);
    if (at != sandboxes_.end() && at->second->runs && at->second->seat->group != nullptr) {
        const Sandbox& sandbox = *at->second;
        answer.known = true;
        answer.usage.wall = Micros((now_ns() - sandbox.started_at) / 1000);
        add(parts_.cgroups.look(*sandbox.seat->group), answer.usage);
    }
    reply(wire::Kind::used, wire::encode(answer));
}

// Ends it from outside. The first reason stands.
void Server::end(Sandbox& sandbox, const std::string& limit) {
    if (sandbox.killed) return;
    sandbox.killed = true;
    sandbox.limit = limit;
    const auto now = std::chrono::steady_clock::now();
    if (!sandbox.runs || parent_gone_) {
        force(sandbox, now);
        return;
    }
    // Init leaves its last word (what its tmpfs holds can only be asked while it is mounted), and exits.
    ::kill(sandbox.init(), SIGTERM);
    sandbox.next_kill = now + kLastWord;
}

// Our child, and not yet reaped: the number is still its own. It may not be there yet; then again in a moment.
void Server::force(Sandbox& sandbox, Time now) {
    const pid_t init = sandbox.init();
    if (init > 0) ::kill(init, SIGKILL);
    sandbox.next_kill = now + (init > 0 ? kLastWord : kUnborn);
}

void Server::take_refusals() {
    const auto now = std::chrono::steady_clock::now();
    for (int i = 0; i < kRefusalsAtOnce; ++i) {
        auto refusal = parts_.refusals.take();
        if (!refusal) return;
        Sandbox* sandbox = caller_of(*refusal);
        if (refusal->noted && (sandbox != nullptr || parts_.refusals.waits(*refusal)))
            seats_.last_of(sandbox == nullptr ? nullptr : sandbox->seat);
        if (sandbox == nullptr) {  // a seat, one that is gone, or one that an ordinary user's launcher may not look at
            answer(false, *refusal);
            continue;
        }
        // The parent hears of a launch first.
        if (!refusal->noted && sandbox->refused.count(refusal->call) && sandbox->runs)
            tell_refused(*sandbox, sandbox->refused.counts().back());
        if (sandbox->refused.pace(*refusal, now)) answer(sandbox->spec.trace, *refusal);
    }
}

Server::Sandbox* Server::caller_of(const Refusal& refusal) {
    const ino_t where = parts_.refusals.pid_namespace(refusal.pid);
    // The number may have been given to another process since.
    if (where == 0 || !parts_.refusals.waits(refusal)) return nullptr;
    for (auto& [id, sandbox] : sandboxes_) {
        if (sandbox->pid_namespace == 0 && sandbox->init() > 0)
            sandbox->pid_namespace = parts_.refusals.pid_namespace_below(sandbox->init());
        if (sandbox->pid_namespace == where) return sandbox.get();
    }
    return nullptr;
}

void Server::answer(bool trace, const Refusal& refusal) const {
    if (trace || refusal.noted) {
        parts_.refusals.let_through(refusal);
    } else {
        parts_.refusals.answer(refusal);
    }
}

void Server::tell_refused(const Sandbox& sandbox, const wire::RefusedCall& call) {
    reply(wire::Kind::call_refused, wire::encode(wire::CallRefused{sandbox.id, call}));
}

std::string Server::encode_end(const Sandbox& sandbox, Exit exit) const {
    exit.refusals_seen = parts_.refusals.fd() >= 0;
    return wire::encode(wire::End{sandbox.id, std::move(exit), sandbox.refused.counts()});
}

void Server::take_reports() {
    Report reports[16];
    ssize_t got = 0;
    do {  // each was written as a whole
        got = ::read(parts_.reports.get(), reports, sizeof reports);
        for (ssize_t i = 0; i < got / static_cast<ssize_t>(sizeof(Report)); ++i) handle(reports[i]);
    } while (got == sizeof reports);
}

void Server::handle(const Report& report) {
    auto at = sandboxes_.find(report.id);
    if (at == sandboxes_.end()) return;
    Sandbox& sandbox = *at->second;
    switch (report.kind) {
        case Report::Kind::none:
        case Report::Kind::all_ended: return;
        case Report::Kind::running: start_running(sandbox, report); return;
        case Report::Kind::failed:
            sandbox.last = report;
            // A seat that gave up has no init whose death would follow.
            if (sandbox.init() == 0) finish(sandbox, {});
            return;
        case Report::Kind::main_ended:
            sandbox.last = report;
            reply(wire::Kind::main_ended, encode_end(sandbox, describe_exit(sandbox)));
            return;
    }
}

// From the seat, which has made one for this sandbox.
Result<void> Server::fetch_net(Sandbox& sandbox) {
    Seat& seat = *sandbox.seat;
    seat.net = nets_.adopt(Fd(std::exchange(seat.arena.board().net, -1)));
    ++seat.net->users;
    ASSAY_TRY(sandbox.sockets, nets_.make_sockets(*seat.net, sandbox.spec.sockets));
    return {};
}

void Server::start_running(Sandbox& sandbox, const Report& report) {
    if (sandbox.seat->fresh) {
        if (auto fetched = fetch_net(sandbox); !fetched) {
            sandbox.fault = std::move(fetched).error();
            end(sandbox, "");
            return;
        }
    }
    sandbox.runs = true;
    sandbox.started_at = report.when;
    sandbox.stdio.clear();
    const auto now = std::chrono::steady_clock::now();
    const Limits& limits = sandbox.spec.limits;
    if (limits.wall_time.count() > 0) sandbox.deadline = now + limits.wall_time;
    if (limits.cpu_time.count() > 0 && (parts_.cgroups.offers() & kCpuTime) != 0) look_at_cpu(sandbox, now);
    std::vector<Fd> fds;
    fds.emplace_back(static_cast<int>(::syscall(SYS_pidfd_open, sandbox.init(), 0)));
    for (Fd& socket : sandbox.sockets) fds.push_back(std::move(socket));
    sandbox.sockets.clear();
    reply(wire::Kind::launched, wire::encode(wire::Name{sandbox.id}), std::move(fds));
    for (const wire::RefusedCall& call : sandbox.refused.counts()) tell_refused(sandbox, call);
}

void Server::reap() {
    for (;;) {
        int status = 0;
        rusage usage{};
        const pid_t pid = ::wait4(-1, &status, WNOHANG, &usage);
        if (pid <= 0) return;
        // What it had to say, it said before it died; but perhaps after we last listened.
        take_reports();
        auto at = std::find_if(sandboxes_.begin(), sandboxes_.end(),
                               [&](const auto& entry) { return entry.second->init() == pid; });
        if (at != sandboxes_.end()) {
            finish(*at->second, usage);
            continue;
        }
        // A seat that ended before it cloned an init (one that said why has been seen to already).
        const Seat* seat = seats_.reaped(pid);
        at = std::find_if(sandboxes_.begin(), sandboxes_.end(), [&](const auto& entry) {
            return seat != nullptr && entry.second->seat == seat && entry.second->init() == 0;
        });
        if (at != sandboxes_.end()) finish(*at->second, usage);
    }
}

void Server::check_deadlines() {
    const auto now = std::chrono::steady_clock::now();
    for (auto& [id, sandbox] : sandboxes_) {
        if (sandbox->next_kill <= now) force(*sandbox, now);
        for (const Refusal& refusal : sandbox->refused.due(now)) answer(sandbox->spec.trace, refusal);
        if (sandbox->killed) continue;
        if (sandbox->deadline <= now) end(*sandbox, "wall_time");
        if (sandbox->next_cpu_look <= now) look_at_cpu(*sandbox, now);
    }
}

// Ends it if its CPU time is used up; else looks again when that can be the case at the earliest.
void Server::look_at_cpu(Sandbox& sandbox, Time now) {
    using std::chrono::nanoseconds;
    static const long cores = std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN));
    const auto used = nanoseconds(static_cast<std::int64_t>(parts_.cgroups.cpu_nanoseconds(*sandbox.seat->group)));
    const auto left = nanoseconds(sandbox.spec.limits.cpu_time) - used;
    if (left <= nanoseconds::zero()) {
        end(sandbox, "cpu_time");
        return;
    }
    sandbox.next_cpu_look = now + std::max<nanoseconds>(kCpuLook, left / cores);
}

int Server::poll_timeout() const {
    Time first = Time::max();
    for (const auto& [id, sandbox] : sandboxes_) {
        first = std::min(first, sandbox->refused.next_answers());
        first =
            std::min(first, sandbox->killed ? sandbox->next_kill : std::min(sandbox->deadline, sandbox->next_cpu_look));
    }
    if (first == Time::max()) return -1;
    auto left = std::chrono::ceil<Millis>(first - std::chrono::steady_clock::now()).count();
    return static_cast<int>(std::clamp<long long>(left, 0, 60'000));
}

void Server::fail_launch(std::uint64_t id, const Error& error, bool program) {
    wire::Failure failure{id, error.step, error.code, error.detail, program};
    reply(wire::Kind::launch_failed, wire::encode(failure));
}

// Never waits: a parent that is slow to read must not hold the sandboxes' supervision.
void Server::reply(wire::Kind kind, std::string body, std::vector<Fd> fds) {
    outgoing_.push_back({kind, std::move(body), std::move(fds)});
    flush();
}

void Server::flush() {
    while (!outgoing_.empty()) {
        Outgoing& next = outgoing_.front();
        std::vector<int> raw;
        for (const Fd& fd : next.fds) raw.push_back(fd.get());
        auto sent = wire::send(kControlFd, next.kind, next.body, raw, false);
        if (!sent && (sent.error().code == EAGAIN || sent.error().code == ETOOMANYREFS)) return;
        outgoing_.pop_front();
    }
}

}  // namespace assay::sandbox

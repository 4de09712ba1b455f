// Who runs: one thread, inside the image root, root in its own user namespace at most. It runs no submission code and
// reads nothing that submission code writes: requests come from the parent, reports from inits before and after (not
// while) the target runs in a process of its own.
//
// Who ends whom: the parent closing its end is the end of every sandbox; the launcher's end is the end of every init.
// A sandbox is over when its init has been reaped: the kernel has emptied its pid namespace by then. Only after that
// are its resources read, given back, and `ended` sent, once.

#include "sandbox/launcher/server.h"

#include <linux/futex.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>

#include "sandbox/launcher/layout.h"

namespace assay::sandbox {
namespace {

constexpr auto kCpuLook = std::chrono::milliseconds(20);   // how far a CPU time limit may be overrun, per core
constexpr std::uint32_t kMostSockets = wire::kMaxFds - 1;  // one descriptor is the pidfd

Micros to_micros(const timeval& time) { return Micros(time.tv_sec * 1'000'000LL + time.tv_usec); }

// clone3, returning as fork does: the child has a copy of this memory and goes on from here.
pid_t clone_init(int* pidfd, int cgroup) {
    clone_args args{};
    args.flags = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_PIDFD;
    args.pidfd = reinterpret_cast<std::uint64_t>(pidfd);
    args.exit_signal = SIGCHLD;
    if (cgroup >= 0) {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = static_cast<std::uint64_t>(cgroup);
    }
    return static_cast<pid_t>(::syscall(SYS_clone3, &args, sizeof args));
}

void open_gate(Gate& gate, std::uint32_t turn) {
    gate.turn.store(turn, std::memory_order_release);
    ::syscall(SYS_futex, &gate.turn, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

}  // namespace

Server::Server(Parts parts) : parts_(std::move(parts)), nets_(parts_.identity.proc.get(), parts_.net_pool) {}

void Server::run() {
    while (!parent_gone_ || !sandboxes_.empty()) {
        pollfd ready[3] = {{parent_gone_ ? -1 : kControlFd, POLLIN, 0},
                           {parts_.reports.get(), POLLIN, 0},
                           {parts_.signals.get(), POLLIN, 0}};
        if (!outgoing_.empty()) ready[0].events |= POLLOUT;
        if (::poll(ready, 3, poll_timeout()) < 0 && errno != EINTR) return;
        if ((ready[0].revents & POLLOUT) != 0) flush();
        // Reports before deaths: what an init had to say, it said before it died.
        if (ready[1].revents != 0) take_reports();
        if (ready[2].revents != 0) {
            signalfd_siginfo info;
            while (::read(parts_.signals.get(), &info, sizeof info) > 0) {
            }
            take_reports();
            reap();
        }
        check_deadlines();
        if ((ready[0].revents & ~POLLOUT) != 0) take_requests();
    }
}

void Server::take_requests() {
    for (;;) {
        auto message = wire::receive(kControlFd, false);
        if (!message) {
            if (message.error().code == EAGAIN) return;
            parent_gone_ = true;
            for (auto& [id, sandbox] : sandboxes_) end(*sandbox, "");
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
        case wire::Kind::kill:
            if (auto request = wire::decode<wire::Name>(message.body)) {
                auto at = sandboxes_.find(request->id);
                if (at != sandboxes_.end()) end(*at->second, "");
            }
            return;
        default: return;
    }
}

void Server::launch(wire::Launch request, std::vector<Fd> fds) {
    auto sandbox = std::make_unique<Sandbox>();
    sandbox->id = request.id;
    sandbox->spec = std::move(request.spec);
    Sandbox& made = *sandbox;
    sandboxes_[made.id] = std::move(sandbox);
    auto started = start(made, request.stdio, fds);
    if (started) return;
    if (made.init > 0) {  // cloned, but cannot go on: its death is reported as the failure
        made.failed_step = Step::await_identity;
        made.failed_code = started.error().code;
        ::kill(made.init, SIGKILL);
        return;
    }
    fail_launch(made.id, started.error(), false);
    give_back(made);
    sandboxes_.erase(made.id);
}

Result<void> Server::start(Sandbox& sandbox, std::uint8_t stdio, const std::vector<Fd>& fds) {
    const Spec& spec = sandbox.spec;
    if (spec.argv.empty()) return fail_errno(EINVAL, "launch", "no program named");
    if (spec.sockets > kMostSockets) return fail_errno(EINVAL, "launch", "too many sockets asked for");
    auto filter = std::find_if(parts_.filters.begin(), parts_.filters.end(),
                               [&](const wire::Filter& other) { return other.name == spec.policy; });
    if (filter == parts_.filters.end()) return fail_errno(EINVAL, "launch", "unknown seccomp policy " + spec.policy);

    if (spec.net == Net::shared) {
        auto host = sandboxes_.find(spec.net_of);
        if (host == sandboxes_.end() || host->second->net == nullptr || host->second.get() == &sandbox)
            return fail_errno(ESRCH, "launch", "no running sandbox " + std::to_string(spec.net_of) + " to share with");
        sandbox.net = host->second->net;
        nets_.share(*sandbox.net);
    } else {
        ASSAY_TRY(sandbox.net, nets_.acquire(spec.net == Net::fresh));
    }

    ASSAY_TRY(sandbox.seat, parts_.cgroups.acquire(spec.limits));
    sandbox.prepared = std::make_unique<Prepared>();
    ASSAY_CHECK(sandbox.prepared->fill(spec, filter->program, (parts_.cgroups.offers() & kPids) == 0));
    Plan& plan = sandbox.prepared->plan;
    int cgroup = -1;
    if (sandbox.seat != nullptr) {
        plan.cgroups = CgroupPool::join_files(*sandbox.seat).data();
        plan.cgroup_count = static_cast<unsigned>(CgroupPool::join_files(*sandbox.seat).size());
        cgroup = CgroupPool::join_folder(*sandbox.seat);
    }
    plan.id = sandbox.id;
    plan.turn = ++turn_;
    std::size_t next = 0;
    for (int i = 0; i < 3; ++i) {
        if ((stdio & (1 << i)) == 0) continue;
        if (next == fds.size()) return fail_errno(EBADMSG, "launch", "a descriptor of stdio is missing");
        plan.stdio[i] = fds[next++].get();
    }

    ASSAY_CHECK(nets_.enter(*sandbox.net));
    int pidfd = -1;
    pid_t init = clone_init(&pidfd, cgroup);
    if (init == 0) run_init(plan, *parts_.gate);
    if (init < 0) return fail_errno(errno, "clone init");
    sandbox.init = init;
    sandbox.pidfd = Fd(pidfd);
    by_init_[init] = &sandbox;

    ASSAY_CHECK(map_ids(parts_.identity, init));
    open_gate(*parts_.gate, plan.turn);
    // While the child mounts.
    ASSAY_TRY(sandbox.sockets, nets_.make_sockets(*sandbox.net, spec.sockets));
    return {};
}

void Server::open_sockets(const wire::SocketCount& request) {
    std::vector<Fd> sockets;
    auto at = sandboxes_.find(request.id);
    if (at != sandboxes_.end() && at->second->net != nullptr) {
        auto made = nets_.make_sockets(*at->second->net, std::min(request.count, kMostSockets));
        if (made) sockets = std::move(*made);
    }
    reply(wire::Kind::sockets, wire::encode(wire::Name{request.id}), std::move(sockets));
}

// Ends it from outside. The first reason stands.
void Server::end(Sandbox& sandbox, const char* limit) {
    if (sandbox.killed || sandbox.init < 0) return;
    sandbox.killed = true;
    sandbox.limit = limit;
    if (sandbox.runs) {  // what its tmpfs holds can only be asked while it is mounted
        struct statfs info {};
        std::string tmp = "/.assay/proc/" + std::to_string(sandbox.init) + "/root/tmp";
        if (::statfs(tmp.c_str(), &info) == 0)
            sandbox.disk = (info.f_blocks - info.f_bfree) * static_cast<std::uint64_t>(info.f_bsize);
    }
    ::kill(sandbox.init, SIGKILL);  // our child, not yet reaped: the number is still its own
}

void Server::take_reports() {
    for (;;) {
        Report report;
        ssize_t got = ::read(parts_.reports.get(), &report, sizeof report);
        if (got != sizeof report) return;
        handle(report);
    }
}

void Server::handle(const Report& report) {
    auto at = sandboxes_.find(report.id);
    if (at == sandboxes_.end()) return;
    Sandbox& sandbox = *at->second;
    switch (report.kind) {
        case Report::Kind::running: {
            sandbox.runs = true;
            sandbox.started_at = report.when;
            sandbox.prepared.reset();
            const auto now = std::chrono::steady_clock::now();
            if (sandbox.spec.limits.wall_time.count() > 0) sandbox.deadline = now + sandbox.spec.limits.wall_time;
            if (sandbox.spec.limits.cpu_time.count() > 0 && (parts_.cgroups.offers() & kCpuTime) != 0)
                look_at_cpu(sandbox, now);
            std::vector<Fd> fds;
            fds.push_back(std::move(sandbox.pidfd));
            for (Fd& socket : sandbox.sockets) fds.push_back(std::move(socket));
            sandbox.sockets.clear();
            reply(wire::Kind::launched, wire::encode(wire::Name{sandbox.id}), std::move(fds));
            return;
        }
        case Report::Kind::failed:
            sandbox.failed_step = static_cast<Step>(report.step);
            sandbox.failed_op = report.op;
            sandbox.failed_code = report.code;
            return;
        case Report::Kind::main_ended:
        case Report::Kind::all_ended:
            if (!sandbox.main_ended) sandbox.status = report.status;
            sandbox.main_ended = true;
            sandbox.disk = report.disk;
            sandbox.ended_at = report.when;
            if (report.kind == Report::Kind::main_ended)
                reply(wire::Kind::main_ended, wire::encode(wire::End{sandbox.id, describe_exit(sandbox)}));
            return;
    }
}

void Server::reap() {
    for (;;) {
        int status = 0;
        rusage usage{};
        pid_t pid = ::wait4(-1, &status, WNOHANG, &usage);
        if (pid <= 0) return;
        auto at = by_init_.find(pid);
        if (at == by_init_.end()) continue;
        finish(*at->second, usage);
    }
}

// How main ended, as far as its wait status tells.
Exit Server::describe_exit(const Sandbox& sandbox) const {
    Exit exit;
    if (!sandbox.limit.empty()) {
        exit.how = Exit::How::limit;
        exit.limit = sandbox.limit;
    } else if (!sandbox.main_ended) {
        exit.how = Exit::How::killed;
    } else if (WIFSIGNALED(sandbox.status)) {
        exit.how = Exit::How::signaled;
        exit.code = WTERMSIG(sandbox.status);
    } else {
        exit.code = WEXITSTATUS(sandbox.status);
    }
    return exit;
}

// Adds what the kernel counted, and sees whether a limit stood behind the signal that ended main.
void Server::account(const Sandbox& sandbox, const rusage& usage, Exit& exit) const {
    const Limits& limits = sandbox.spec.limits;
    exit.usage.cpu_user = to_micros(usage.ru_utime);
    exit.usage.cpu_system = to_micros(usage.ru_stime);
    exit.usage.memory_peak = Bytes{static_cast<std::uint64_t>(usage.ru_maxrss) * 1024};
    exit.usage.disk = Bytes{sandbox.disk};

    CgroupUse use;
    if (sandbox.seat != nullptr) {
        use = parts_.cgroups.use(*sandbox.seat);
        if (use.memory_peak != 0) exit.usage.memory_peak = Bytes{use.memory_peak};
        exit.usage.processes_peak = use.processes_peak;
        // wait() adds up what parents waited for; a program can avoid that. The cgroup counts every task.
        const Micros all(static_cast<std::int64_t>(use.cpu_nanoseconds / 1000));
        const Micros seen = exit.usage.cpu_user + exit.usage.cpu_system;
        if (all > seen) exit.usage.cpu_user += all - seen;
    }
    auto limited = [&](const char* name) {
        exit.how = Exit::How::limit;
        exit.code = 0;
        exit.limit = name;
    };
    auto hit = [&](const char* name) {
        if (std::find(exit.limits_hit.begin(), exit.limits_hit.end(), name) == exit.limits_hit.end())
            exit.limits_hit.emplace_back(name);
    };
    const bool sigkill = exit.how == Exit::How::signaled && exit.code == SIGKILL;
    if (use.out_of_memory != 0) {
        // Either main itself, or init, and everything with it.
        if (sigkill || (!sandbox.main_ended && !sandbox.killed)) limited("memory");
        hit("memory");
    }
    if (limits.cpu_time.count() > 0 && exit.how == Exit::How::signaled) {
        const bool used_up = exit.usage.cpu_user + exit.usage.cpu_system >= limits.cpu_time;
        if (exit.code == SIGXCPU || (sigkill && used_up)) limited("cpu_time");
    }
    if (exit.how == Exit::How::signaled && exit.code == SIGXFSZ) hit("file_size");
    if (use.processes_refused != 0) hit("processes");
    const std::uint64_t disk = disk_limit(limits).count;
    if (sandbox.disk + 4096 > disk) hit("disk");
    if (!exit.limit.empty()) hit(exit.limit.c_str());

    const unsigned offers = parts_.cgroups.offers();
    if (limits.memory.count != 0 && (offers & kMemory) == 0) exit.unenforced.emplace_back("memory");
    if (limits.cpus > 0 && (offers & kCpu) == 0) exit.unenforced.emplace_back("cpus");
    // Without cgroups each process has the limit for itself (RLIMIT_CPU).
    if (limits.cpu_time.count() > 0 && (offers & kCpuTime) == 0) exit.unenforced.emplace_back("cpu_time");
}

void Server::finish(Sandbox& sandbox, const rusage& usage) {
    const std::uint64_t id = sandbox.id;
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    const std::int64_t now_ns = now.tv_sec * 1'000'000'000LL + now.tv_nsec;
    if (sandbox.runs) {
        Exit exit = describe_exit(sandbox);
        const std::int64_t ended = sandbox.killed || sandbox.ended_at == 0 ? now_ns : sandbox.ended_at;
        exit.usage.wall = Micros((ended - sandbox.started_at) / 1000);
        account(sandbox, usage, exit);
        give_back(sandbox);
        reply(wire::Kind::ended, wire::encode(wire::End{id, exit}));
    } else {
        Error error{step_name(sandbox.failed_step), sandbox.failed_code, {}, {}};
        if (sandbox.failed_step == Step::none) {
            error.step = "set up sandbox";
            error.detail = sandbox.killed ? "killed before it ran" : "init was ended from outside";
        } else if (sandbox.prepared) {
            error.detail = sandbox.prepared->describe(sandbox.failed_step, sandbox.failed_op, sandbox.spec);
        }
        // Out of memory or processes is the host's doing; that there is no such program is the submission's.
        const bool program =
            sandbox.failed_step == Step::exec && sandbox.failed_code != ENOMEM && sandbox.failed_code != EAGAIN;
        give_back(sandbox);
        fail_launch(id, error, program);
    }
    by_init_.erase(sandbox.init);
    sandboxes_.erase(id);
}

void Server::give_back(Sandbox& sandbox) {
    sandbox.sockets.clear();  // ours would keep the namespace from being clean
    if (sandbox.net != nullptr) nets_.release(*sandbox.net);
    parts_.cgroups.release(sandbox.seat);
}

void Server::check_deadlines() {
    const auto now = std::chrono::steady_clock::now();
    for (auto& [id, sandbox] : sandboxes_) {
        if (sandbox->killed) continue;
        if (sandbox->deadline <= now) end(*sandbox, "wall_time");
        if (sandbox->next_cpu_look <= now) look_at_cpu(*sandbox, now);
    }
}

// Ends it if its CPU time is used up; else looks again when that can be the case at the earliest.
void Server::look_at_cpu(Sandbox& sandbox, Time now) {
    using std::chrono::nanoseconds;
    static const long cores = std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN));
    const auto used = nanoseconds(static_cast<std::int64_t>(parts_.cgroups.cpu_nanoseconds(*sandbox.seat)));
    const auto left = nanoseconds(sandbox.spec.limits.cpu_time) - used;
    if (left <= nanoseconds::zero()) {
        end(sandbox, "cpu_time");
        return;
    }
    sandbox.next_cpu_look = now + std::max<nanoseconds>(kCpuLook, left / cores);
}

int Server::poll_timeout() const {
    Time first = Time::max();
    for (const auto& [id, sandbox] : sandboxes_)
        if (!sandbox->killed) first = std::min({first, sandbox->deadline, sandbox->next_cpu_look});
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

// How a sandbox ended: from wait status, cgroups and init's last word to what the parent is told. The rest of the loop
// is in server.cc.

#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <ctime>

#include "sandbox/launcher/prepare.h"
#include "sandbox/launcher/server.h"

namespace assay::sandbox {
namespace {

Micros to_micros(const timeval& time) { return Micros(time.tv_sec * 1'000'000LL + time.tv_usec); }

}  // namespace

std::int64_t Server::now_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

// What the cgroups counted, over what is known from elsewhere.
void Server::add(const CgroupUse& use, Usage& usage) {
    if (use.memory_peak != 0) usage.memory_peak = Bytes{use.memory_peak};
    usage.phase_memory_peak = Bytes{use.memory_phase_peak};
    usage.processes_peak = use.processes_peak;
    // wait() adds up what parents waited for; a program can avoid that. The cgroup counts every task.
    const Micros all(static_cast<std::int64_t>(use.cpu_nanoseconds / 1000));
    const Micros seen = usage.cpu_user + usage.cpu_system;
    if (all > seen) usage.cpu_user += all - seen;
    usage.throttled_periods = use.throttled_periods;
    usage.throttled = Micros(use.throttled_micros);
    usage.stalled_cpu = Micros(use.stalled_micros[0]);
    usage.stalled_memory = Micros(use.stalled_micros[1]);
    usage.stalled_io = Micros(use.stalled_micros[2]);
}

// How main ended, as far as its wait status tells.
Exit Server::describe_exit(const Sandbox& sandbox) const {
    Exit exit;
    if (!sandbox.limit.empty()) {
        exit.how = Exit::How::limit;
        exit.limit = sandbox.limit;
    } else if (!sandbox.last.main_ended) {
        exit.how = Exit::How::killed;
    } else if (WIFSIGNALED(sandbox.last.status)) {
        exit.how = Exit::How::signaled;
        exit.code = WTERMSIG(sandbox.last.status);
    } else {
        exit.code = WEXITSTATUS(sandbox.last.status);
    }
    return exit;
}

// Adds what the kernel counted, and sees whether a limit stood behind the signal that ended main.
void Server::account(Sandbox& sandbox, const rusage& usage, Exit& exit) {
    const Limits& limits = sandbox.spec.limits;
    exit.usage.cpu_user = to_micros(usage.ru_utime);
    exit.usage.cpu_system = to_micros(usage.ru_stime);
    exit.usage.memory_peak = Bytes{static_cast<std::uint64_t>(usage.ru_maxrss) * 1024};
    exit.usage.disk = Bytes{sandbox.last.disk};
    exit.usage.inodes = sandbox.last.inodes;

    CgroupUse use;
    if (sandbox.seat->group != nullptr) {
        if (!parts_.cgroups.end(*sandbox.seat->group, use)) sandbox.seat->keep = false;
        add(use, exit.usage);
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
        if (sigkill || (!sandbox.last.main_ended && !sandbox.killed)) limited("memory");
        hit("memory");
    }
    if (limits.cpu_time.count() > 0 && exit.how == Exit::How::signaled) {
        const bool used_up = exit.usage.cpu_user + exit.usage.cpu_system >= limits.cpu_time;
        if (exit.code == SIGXCPU || (sigkill && used_up)) limited("cpu_time");
    }
    if (exit.how == Exit::How::signaled && exit.code == SIGXFSZ) hit("file_size");
    if (use.processes_refused != 0) hit("processes");
    const std::uint64_t disk = disk_limit(limits).count;
    if (sandbox.last.disk + 4096 > disk) hit("disk");
    if (sandbox.last.inodes >= inode_limit(limits)) hit("inodes");
    if (!exit.limit.empty()) hit(exit.limit.c_str());

    const unsigned offers = parts_.cgroups.offers();
    if (limits.memory.count != 0 && (offers & kMemory) == 0) exit.unenforced.emplace_back("memory");
    if (limits.cpus > 0 && (offers & kCpu) == 0) exit.unenforced.emplace_back("cpus");
    // Without cgroups each process has the limit for itself (RLIMIT_CPU).
    if (limits.cpu_time.count() > 0 && (offers & kCpuTime) == 0) exit.unenforced.emplace_back("cpu_time");
}

// Nothing of it is left: the last word.
void Server::finish(Sandbox& sandbox, const rusage& usage) {
    const Report& last = sandbox.seat->arena.board().last;
    // Not when it was cut off in the middle: then what it said before stands.
    if (last.kind == Report::Kind::all_ended) sandbox.last = last;
    if (!sandbox.runs) {
        fail_setup(sandbox);
    } else {
        const std::int64_t ended = last.when != 0 ? last.when : now_ns();
        Exit exit = describe_exit(sandbox);
        exit.usage.wall = Micros((ended - sandbox.started_at) / 1000);
        account(sandbox, usage, exit);
        give_back(sandbox);
        reply(wire::Kind::ended, encode_end(sandbox, std::move(exit)));
    }
    sandboxes_.erase(sandbox.id);
}

void Server::fail_setup(Sandbox& sandbox) {
    const Report& failed = sandbox.last;
    Error error{step_name(failed.step), failed.code, {}, {}};
    if (failed.kind == Report::Kind::failed) {
        error.detail = describe_step(sandbox.seat->arena.board().plan, failed, sandbox.spec);
    } else if (sandbox.fault) {
        error = *sandbox.fault;
    } else {
        error.step = "set up sandbox";
        error.detail = sandbox.killed ? "killed before it ran" : "seat or init was ended from outside";
    }
    // Out of memory or processes is the host's doing; that there is no such program is the submission's.
    const bool program = failed.step == Step::exec && failed.code != ENOMEM && failed.code != EAGAIN;
    CgroupUse unused;
    if (sandbox.seat->group != nullptr && !parts_.cgroups.end(*sandbox.seat->group, unused)) sandbox.seat->keep = false;
    // A seat that could not do its part is not asked again.
    if (sandbox.init() == 0) sandbox.seat->keep = false;
    give_back(sandbox);
    fail_launch(sandbox.id, error, program);
}

void Server::give_back(Sandbox& sandbox) {
    sandbox.sockets.clear();  // ours would keep the namespace from being clean
    seats_.give_back(sandbox.seat);
    sandbox.seat = nullptr;
}

}  // namespace assay::sandbox

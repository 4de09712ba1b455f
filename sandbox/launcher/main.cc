// assay-launcher: see sandbox/launcher.h. Started by assay only, with a socket as descriptor 3; everything that it
// needs to know comes as the first message on it.

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "sandbox/launcher/identity.h"
#include "sandbox/launcher/layout.h"
#include "sandbox/launcher/rootfs.h"
#include "sandbox/launcher/server.h"
#include "sandbox/wire.h"

namespace assay::sandbox {
namespace {

// `raw` becomes `wanted`, close-on-exec.
Result<void> place(Fd raw, int wanted) {
    if (raw.get() == wanted) {
        static_cast<void>(raw.release());
        return {};
    }
    if (::dup3(raw.get(), wanted, O_CLOEXEC) < 0) return fail_errno(errno, "place descriptor");
    return {};
}

// What every sandbox has, by inheritance: set here once, so that no launch has to.
void limit_all() {
    struct Bound {
        decltype(RLIMIT_CORE) which;
        rlim_t most;
    };
    constexpr Bound kBounds[] = {
        // Not 0: a core that is piped to a handler, root's and outside, is written whatever the limit; only at exactly
        // 1 does the kernel not start one (fs/coredump.c). The policy keeps programs from changing it.
        {RLIMIT_CORE, 1},
        // The kernel counts these for a user, not for a sandbox: one alone must not use them up for all.
        {RLIMIT_SIGPENDING, 1024},
        {RLIMIT_MSGQUEUE, 128 << 10},
        // The caller's permission to go before others is not the sandbox's.
        {RLIMIT_RTPRIO, 0},
        {RLIMIT_NICE, 0}};
    for (const Bound& bound : kBounds) {
        rlimit limit{};
        ::getrlimit(bound.which, &limit);
        limit.rlim_cur = limit.rlim_max = std::min(limit.rlim_max, bound.most);
        ::setrlimit(bound.which, &limit);  // downwards: nobody is refused that
    }
    // Nor is the priority itself, when the caller goes before others.
    if (::getpriority(PRIO_PROCESS, 0) < 0) ::setpriority(PRIO_PROCESS, 0, 0);
}

// Nothing of the parent's comes along: descriptors, signals, masks, limits that a sandbox could not undo.
Result<void> shed() {
    ::close_range(kControlFd + 1, ~0u, 0);
    if (::fcntl(kControlFd, F_SETFD, FD_CLOEXEC) != 0)
        return fail_errno(errno, "take over the socket", "descriptor 3 is not open",
                          "assay starts this program itself");
    // Taken now, so that nothing opened before its owner stands on a number that is reserved.
    for (int reserved : {kReportFd, kLauncherPidFd})
        if (::dup3(0, reserved, O_CLOEXEC) < 0) return fail_errno(errno, "place descriptor");
    // Not sigaction(3): the C library keeps two signals for itself, which a parent may have left ignored.
    for (int signal = 1; signal <= 64; ++signal) {
        unsigned long standard[4] = {};
        ::syscall(SYS_rt_sigaction, signal, standard, nullptr, 8);
    }
    ::umask(022);
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
    limit_all();
    return {};
}

// Descriptors that assay gave us stand on the host's mounts. Sandboxes without stdio of their own inherit these.
Result<void> reopen_stdio() {
    Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (!null) return fail_errno(errno, "open /dev/null");
    for (int fd = 0; fd < 3; ++fd)
        if (::dup2(null.get(), fd) < 0) return fail_errno(errno, "place descriptor");
    return {};
}

Result<Server::Parts> take_position(const wire::Hello& hello, Fd& stage) {
    Server::Parts parts;
    ASSAY_TRY(Pipe reports, make_pipe());
    // Only our end: an init whose report finds the pipe full waits, it must not lose it.
    if (::fcntl(reports.read.get(), F_SETFL, O_NONBLOCK) != 0) return fail_errno(errno, "make pipe non-blocking");
    ASSAY_CHECK(place(std::move(reports.write), kReportFd));
    // Before identity: the number is the host's. Kept by every init, to see whether we live.
    ASSAY_CHECK(place(Fd(static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0))), kLauncherPidFd));
    parts.reports = std::move(reports.read);

    sigset_t children;
    ::sigemptyset(&children);
    ::sigaddset(&children, SIGCHLD);
    ::sigprocmask(SIG_BLOCK, &children, nullptr);
    parts.signals = Fd(::signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!parts.signals) return fail_errno(errno, "open signalfd");
    ASSAY_TRY(parts.identity, assume_identity());
    if (hello.cgroups) parts.cgroups = CgroupPool(open_hierarchies(parts.identity.proc.get()));
    ASSAY_TRY(Root root, assemble_root(hello.plan, parts.identity.uid, parts.identity.gid));
    stage = std::move(root.stage);
    ASSAY_CHECK(reopen_stdio());
    parts.filters = hello.filters;
    parts.net_pool = hello.net_pool;
    // The root stands. From here on the launcher, too, may only do what launching needs; every sandbox inherits that.
    ASSAY_TRY(parts.refusals, Refusals::begin(hello, parts.identity));
    return parts;
}

// Everything up to the loop; what only that needs is freed on return, before any process is cloned from this one.
Result<Server::Parts> begin() {
    ASSAY_CHECK(shed());
    ASSAY_TRY(wire::Message message, wire::receive(kControlFd, true));
    if (message.kind != wire::Kind::hello) return fail("start launcher", "unexpected first message");
    ASSAY_TRY(wire::Hello hello, wire::decode<wire::Hello>(message.body));
    Fd stage;
    ASSAY_TRY(Server::Parts parts, take_position(hello, stage));
    wire::Ready ready{parts.identity.uid, parts.identity.gid};
    ASSAY_CHECK(wire::send(kControlFd, wire::Kind::ready, wire::encode(ready), {stage.get()}, true));
    return parts;
}

int run() {
    auto parts = begin();
    if (!parts) {
        wire::Failure failure{0, parts.error().step, parts.error().code, parts.error().detail, false};
        static_cast<void>(wire::send(kControlFd, wire::Kind::refused, wire::encode(failure), {}, true));
        return 70;
    }
    Server(std::move(*parts)).run();
    return 0;
}

}  // namespace
}  // namespace assay::sandbox

int main() { return assay::sandbox::run(); }

// A seat: what a launch would otherwise do anew each time, done once and kept. Making a user namespace, writing its id
// maps, emptying the capability bounding set (41 calls) and joining cgroups cost a third of a launch.
//
// Who runs: a fork of the launcher in a user, uts, cgroup and ipc namespace of its own, in a net namespace and (v1) in
// cgroups that nobody else uses. It is the sandbox's user by id and holds every capability inside its user namespace,
// none outside. It stands in the host's pid namespace: what it clones cannot see it. It reads the launcher's plans
// only, clones one init for each, and keeps nothing of a sandbox: the init has its own mounts, processes, descriptors.
// In the ipc namespace nobody has ever made anything: a sandbox that does is the seat's last (Seats::last_of).
//
// The init runs in the seat's memory: copying it and taking the copy down was a sixth of a launch. Meanwhile the seat
// does no more than wait for the next order, by calls that leave errno alone; the launcher gives one when that init has
// been reaped. No program ever runs in that memory, nor can any read it (not dumpable).
//
// Who ends whom: inits are the launcher's children, not the seat's (CLONE_PARENT), and die with the launcher, as the
// seat does. When a sandbox has ended and its net namespace is clean, the seat serves the next one.

#include "sandbox/launcher/seat_process.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <ctime>

#include "sandbox/launcher/child.h"
#include "sandbox/launcher/init.h"
#include "sandbox/launcher/layout.h"
#include "sandbox/launcher/netns.h"

namespace assay::sandbox {
namespace {

// Other sandboxes' environments lie there. In a static program the thread's own block (errno, the stack guard) stands
// at its beginning: that stays.
void give_heap_back() {
    constexpr std::uintptr_t kPage = 4096;
    const auto block = reinterpret_cast<std::uintptr_t>(__builtin_thread_pointer());
    const std::uintptr_t keep = (block + 2 * kPage) / kPage * kPage;
    const auto end = static_cast<std::uintptr_t>(::syscall(SYS_brk, 0));
    if (keep < end) ::syscall(SYS_brk, keep);  // refused, to no harm, if the block is elsewhere
}

// A call whose error is its value: errno is the init's, which may run in this memory.
long quiet_call(long number, const void* a, long b, long c, const void* d) {
    long result = number;
    register const void* fourth asm("r10") = d;
    asm volatile("syscall" : "+a"(result) : "D"(a), "S"(b), "d"(c), "r"(fourth) : "rcx", "r11", "memory");
    return result;
}

// Waits for the next order; the launcher may die before the parent-death signal is armed.
void await_order(Board& board, std::uint32_t done) {
    while (board.launches.load(std::memory_order_acquire) == done) {
        timespec second{1, 0};
        if (quiet_call(SYS_futex, &board.launches, FUTEX_WAIT, static_cast<long>(done), &second) == -ETIMEDOUT) {
            pollfd launcher{kLauncherPidFd, POLLIN, 0};
            if (quiet_call(SYS_poll, &launcher, 1, 0, nullptr) > 0) ::_exit(70);
        }
    }
}

void write_number(const char* path, long number) {
    char digits[24];
    int at = sizeof digits;
    do {
        digits[--at] = static_cast<char>('0' + number % 10);
        number /= 10;
    } while (number != 0);
    const int file = ::open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0) return;
    static_cast<void>(!::write(file, digits + at, sizeof digits - static_cast<std::size_t>(at)));
    ::close(file);
}

// What the kernel hands out without asking a cgroup. Hardening, not a promise: where /proc/sys is read-only (inside
// some containers) sandboxes start without it.
void bound_shared_resources() {
    // Both are charged to the caller's user as well, whose instances are few (fs.inotify.max_user_instances, often
    // 128): one sandbox must not use up everybody's.
    write_number("/.assay/proc/sys/user/max_inotify_instances", 32);
    write_number("/.assay/proc/sys/user/max_inotify_watches", 16384);
    // Whoever got past the filter (a call of set-up with its token guessed) would find no namespace to be root in.
    write_number("/.assay/proc/sys/user/max_user_namespaces", 0);
    // When the whole machine is short of memory, a sandbox goes before the harness does.
    write_number("/.assay/proc/self/oom_score_adj", 500);
}

void settle(const Plan& plan) {
    // First: after the change of ids, /proc/self is no longer ours to write.
    bound_shared_resources();
    // A session of the seat's own: no terminal of anybody's to push input into. Programs inherit it and lead a process
    // group in it; a session for each launch would have the kernel make a scheduling group (autogroup) each time.
    check(plan, Step::open_session, ::setsid() >= 0);
    // Capabilities stay: neither id is the namespace's 0.
    check(plan, Step::become_user, ::setresgid(kInnerId, kInnerId, kInnerId) == 0);
    check(plan, Step::become_user, ::setresuid(kInnerId, kInnerId, kInnerId) == 0);
    // After the last change of ids, which clears it.
    check(plan, Step::die_with_launcher, ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0);
    if (!launcher_lives()) ::_exit(70);
    // Inits inherit it, and are the same user as the programs that they start: those must not trace them.
    check(plan, Step::become_user, ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0);
    // A new user namespace starts with a full set, so this cannot be inherited from the launcher; but it can be from
    // us.
    for (unsigned long cap = 0; cap < 64; ++cap) {
        if (plan.privilege.prctl(PR_CAPBSET_DROP, cap) == 0) continue;
        if (errno == EINVAL && cap != 0) break;  // past the kernel's last one
        give_up(plan, Step::drop_bounding_set, errno, 0);
    }
    // Nobody inside may change them: neither the call nor the capability is there.
    check(plan, Step::set_hostname,
          plan.privilege.sethostname("sandbox", 7) == 0 && plan.privilege.setdomainname("(none)", 6) == 0);
}

void join_cgroups(const Plan& plan) {
    // "0" is the writer itself; the launcher opened the files, and the kernel judges a write by who opened. Inits are
    // born where their seat is.
    for (unsigned i = 0; i < plan.join_count; ++i) check(plan, Step::join_cgroup, ::write(plan.join[i], "0", 1) == 1);
    // So that /proc/self/cgroup shows a root of its own. EINVAL: a kernel without cgroup namespaces.
    check(plan, Step::join_cgroup, plan.privilege.unshare(CLONE_NEWCGROUP) == 0 || errno == EINVAL);
}

// Ended with the sandbox: the seat's next one takes its place, or the seat's end.
void make_net(Board& board) {
    const Plan& plan = board.plan;
    check(plan, Step::make_net, plan.privilege.unshare(CLONE_NEWNET) == 0);
    const int proc = ::open(kHostProc, O_PATH | O_DIRECTORY | O_CLOEXEC);
    check(plan, Step::make_net, proc >= 0 && furnish_net(plan.privilege, proc) == nullptr);
    // Our table of descriptors is the launcher's.
    board.net = ::openat(proc, "self/ns/net", O_RDONLY | O_CLOEXEC);
    check(plan, Step::make_net, board.net >= 0);
    ::close(proc);
}

void become_init(void* board) { run_init(*static_cast<Board*>(board)); }

void clone_init(Board& board) {
    alignas(16) static char stack[32 * 1024];
    clone_args args{};
    args.flags = CLONE_PARENT | CLONE_PARENT_SETTID | CLONE_FILES | CLONE_NEWPID | CLONE_NEWNS;
    if (board.plan.new_ipc) args.flags |= CLONE_NEWIPC;
    args.parent_tid = reinterpret_cast<std::uint64_t>(&board.init);
    const pid_t pid = board.plan.privilege.clone3_sharing(args, stack + sizeof stack, become_init, &board);
    // Nothing of the board is read after a success: it may be the next launch's already.
    if (pid < 0) give_up(board.plan, Step::clone_init, errno, 0);
}

}  // namespace

void run_seat(Board& board) {
    give_heap_back();
    for (std::uint32_t done = 0;; ++done) {
        await_order(board, done);
        const Plan& plan = board.plan;
        if (done == 0) settle(plan);
        if (done == 0 || plan.join_count != 0) join_cgroups(plan);
        if (plan.new_net) make_net(board);
        clone_init(board);
    }
}

}  // namespace assay::sandbox

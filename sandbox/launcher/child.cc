// From clone to exec. Who runs: pid 1 of new pid and mount namespaces, in the seat's other ones, as the sandbox's user,
// with every capability in the seat's user namespace. Descriptors, signal handlers and ids are its own; the memory is
// the seat's, which sleeps meanwhile. It ends by becoming init (init.cc), after its own child has become the target.
//
// The order is the security property. What each step relies on stands beside it. No allocation, no lock, no logging,
// no exception, and nothing static that a former sandbox's init could have left changed: this memory serves many.

#include "sandbox/launcher/child.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "sandbox/launcher/init.h"
#include "sandbox/launcher/layout.h"

namespace assay::sandbox {
namespace {

struct Failed {  // shared with the vfork'ed child, which writes it before it exits
    Step step = Step::none;
    int code = 0;
};

// What is written is counted here in the end: /tmp and the others may be binds of something else.
void hold_disk(const Plan& plan, const char* path) {
    const int disk = ::open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (disk != kDiskFd) {
        check(plan, Step::mount_private, disk >= 0 && ::dup3(disk, kDiskFd, O_CLOEXEC) >= 0);
        ::close(disk);
    }
}

void execute(const Plan& plan) {
    ::umask(0);  // modes as written; the target gets the usual mask
    for (unsigned i = 0; i < plan.op_count; ++i) {
        const Op& op = plan.ops[i];
        long result = 0;
        switch (op.kind) {
            case Op::Kind::mount:
                result = plan.privilege.mount(op.source, op.target, op.type, op.flags, op.data);
                break;
            case Op::Kind::directory: result = ::mkdir(op.target, op.mode); break;
            case Op::Kind::directory_maybe: ::mkdir(op.target, op.mode); break;
            case Op::Kind::protect: {
                mount_attr attr{};
                attr.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
                result = plan.privilege.mount_setattr(AT_FDCWD, op.target, AT_RECURSIVE, &attr, sizeof attr);
                break;
            }
            case Op::Kind::no_links: {
                open_how how{};
                how.flags = O_PATH | O_CLOEXEC;
                how.resolve = RESOLVE_NO_SYMLINKS;
                const long fd = ::syscall(SYS_openat2, AT_FDCWD, op.target, &how, sizeof how);
                result = fd < 0 ? -1 : ::close(static_cast<int>(fd));
                break;
            }
        }
        if (result != 0) give_up(plan, op.step, errno, i);
        if (op.step == Step::mount_private) hold_disk(plan, op.target);
    }
    ::umask(022);
}

void drop_capabilities(const Plan& plan) {
    // The bounding and ambient sets are the seat's, and empty.
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct none[2] = {};
    check(plan, Step::drop_capabilities, plan.privilege.capset(&header, none) == 0);
}

struct MainStart {
    const Plan* plan = nullptr;
    Failed failed;
};

// Shares init's memory until exec (vfork): what it writes to `failed`, init reads.
int become_main(void* raw) {
    auto& start = *static_cast<MainStart*>(raw);
    const Plan& plan = *start.plan;
    auto stop = [&](Step step) -> int {
        start.failed = {step, errno};
        ::_exit(70);
    };

    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);  // the launcher takes SIGCHLD through a descriptor
    // No process group of ours to signal. The session is the seat's, which serves one sandbox at a time.
    if (::setpgid(0, 0) != 0) return stop(Step::open_session);
    for (unsigned i = 0; i < plan.limit_count; ++i)
        if (::setrlimit(static_cast<__rlimit_resource>(plan.limits[i].which), &plan.limits[i].value) != 0)
            return stop(Step::set_limits);
    // Before exec: no program ever sees fewer than it has.
    if (plan.placed && ::sched_setaffinity(0, sizeof plan.processors, &plan.processors) != 0)
        return stop(Step::free_processors);
    if (::chdir(plan.work_dir) != 0) return stop(Step::enter_work_dir);
    // Last before exec, if there is one.
    if (plan.filter.len != 0 && plan.privilege.seccomp(SECCOMP_SET_MODE_FILTER, 0, &plan.filter) != 0)
        return stop(Step::install_filter);

    int code = ENOENT;
    for (const char* const* program = plan.programs; *program != nullptr; ++program) {
        ::execve(*program, plan.argv, plan.envp);
        if (errno == ENOEXEC) {  // a script without "#!": as a shell or execvp would start it
            plan.shell_argv[1] = const_cast<char*>(*program);
            ::execve(plan.shell_argv[0], plan.shell_argv, plan.envp);
        }
        if (errno == EACCES) code = EACCES;  // what execvp reports when a later folder has none either
        if (errno != ENOENT && errno != ENOTDIR && errno != EACCES) {
            code = errno;
            break;
        }
    }
    errno = code;
    return stop(Step::exec);
}

}  // namespace

void give_up(const Plan& plan, Step step, int code, unsigned op) {
    Report report;
    report.id = plan.id;
    report.kind = Report::Kind::failed;
    report.step = step;
    report.op = op;
    report.code = code;
    send_report(report);
    ::_exit(70);
}

void check(const Plan& plan, Step step, bool good) {
    if (!good) give_up(plan, step, errno, 0);
}

bool launcher_lives() {
    pollfd launcher{kLauncherPidFd, POLLIN, 0};
    return ::poll(&launcher, 1, 0) == 0;
}

const char* step_name(Step step) {
    switch (step) {
        case Step::none: return "prepare";
        case Step::become_user: return "become user";
        case Step::drop_bounding_set: return "empty the bounding set";
        case Step::die_with_launcher: return "bind to the launcher's life";
        case Step::join_cgroup: return "join cgroup";
        case Step::make_net: return "make net namespace";
        case Step::clone_init: return "clone init";
        case Step::place_stdio: return "place stdio";
        case Step::mount_private: return "mount private tmpfs";
        case Step::make_directory: return "make directory";
        case Step::mount_work_tree: return "mount work tree";
        case Step::mount_scratch: return "mount scratch directory";
        case Step::mount_bind: return "mount bind";
        case Step::protect_bind: return "make bind read-only";
        case Step::mount_proc: return "mount /proc";
        case Step::hide_assay: return "hide /.assay";
        case Step::set_hostname: return "set host name";
        case Step::drop_capabilities: return "drop capabilities";
        case Step::start_main: return "fork main";
        case Step::open_session: return "open session";
        case Step::set_limits: return "set resource limits";
        case Step::free_processors: return "give processors back";
        case Step::enter_work_dir: return "enter work directory";
        case Step::install_filter: return "install seccomp filter";
        case Step::exec: return "exec";
    }
    return "unknown step";
}

void run_init(Board& board) {
    const Plan& plan = board.plan;
    // Cleared by the clone. If the launcher died just before, nobody will ever send it.
    check(plan, Step::die_with_launcher, ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0);
    if (!launcher_lives()) ::_exit(70);

    // Until here the table of descriptors is the launcher's. A copy of our own leaves out what is above our stdio:
    // other sandboxes' sockets, cgroups, the host's /proc. Copying that, to close it, took longer the more sandboxes
    // there are.
    unsigned last = kFirstFreeFd;
    for (const int fd : plan.stdio)
        if (fd > static_cast<int>(last)) last = static_cast<unsigned>(fd);
    check(plan, Step::place_stdio, ::close_range(last + 1, ~0u, CLOSE_RANGE_UNSHARE) == 0);
    for (int i = 0; i < 3; ++i)
        if (plan.stdio[i] >= 0) check(plan, Step::place_stdio, ::dup2(plan.stdio[i], i) >= 0);
    ::close(kControlFd);
    ::close_range(kFirstFreeFd, last, 0);

    execute(plan);  // ends with the cover over /.assay: afterwards no path leads to what is not the sandbox's
    // Last of the privileged steps. no_new_privs and the filter are the launcher's, inherited; the token that opens it
    // further stays in our memory.
    drop_capabilities(plan);

    alignas(16) static char stack[16 * 1024];
    MainStart start{&plan, {}};
    int main_pid = ::clone(become_main, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, &start);
    check(plan, Step::start_main, main_pid > 0);
    if (start.failed.step != Step::none) give_up(plan, start.failed.step, start.failed.code, 0);
    ::close_range(0, 2, 0);  // the target's stdio is its own: who reads it must see the end when it closes
    reap(board, main_pid);
}

}  // namespace assay::sandbox

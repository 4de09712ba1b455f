// Processes: whom a program can see, signal, trace, read or become.
#include <dirent.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "tests/containment/check.h"

namespace assay::containment {
namespace {

// A process other than ourselves whose /proc file contains `mark`.
Answer search_processes(const char* file, const std::string& mark) {
    DIR* folder = ::opendir("/proc");
    if (folder == nullptr) return refused("no /proc");
    Answer answer = refused("none");
    const std::string self = std::to_string(::getpid());
    while (const dirent* entry = ::readdir(folder)) {
        if (entry->d_name[0] < '1' || entry->d_name[0] > '9' || self == entry->d_name) continue;
        if (read_text(std::string("/proc/") + entry->d_name + "/" + file).find(mark) != std::string::npos)
            answer = granted(entry->d_name);
    }
    ::closedir(folder);
    return answer;
}

// Asks for something about a child that lives meanwhile.
template <class Ask>
Answer about_child(Ask ask) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::pause();
        ::_exit(0);
    }
    const Answer answer = ask(child);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    return answer;
}

Answer cloned(long pid) {
    if (pid == 0) ::_exit(0);
    const Answer answer = outcome(pid);
    if (pid > 0) ::waitpid(static_cast<pid_t>(pid), nullptr, __WALL);
    return answer;
}

Answer clone_with(unsigned long flags) { return cloned(::syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0)); }

Answer clone3_with(std::uint64_t flags) {
    clone_args args{};
    args.flags = flags;
    args.exit_signal = SIGCHLD;
    return cloned(::syscall(SYS_clone3, &args, sizeof args));
}

Answer capability_in(const char* set) {
    const std::string status = read_text("/proc/self/status");
    const std::string mark = std::string(set) + ":\t";
    const std::size_t at = status.find(mark);
    if (at == std::string::npos) return refused("no such line");
    const std::string bits = status.substr(at + mark.size(), 16);
    return bits == "0000000000000000" ? refused("empty") : granted(bits);
}

Answer read_other_memory(pid_t child) {
    static const char mark = 'x';
    char copy = 0;
    iovec local{&copy, 1};
    iovec remote{const_cast<char*>(&mark), 1};
    return outcome(::process_vm_readv(child, &local, 1, &remote, 1, 0));
}

Answer realtime(const Facts&) {
    sched_param param{};
    param.sched_priority = 1;
    return outcome(::sched_setscheduler(0, SCHED_FIFO, &param));
}

}  // namespace

Table process_checks() {
    using enum Outside;
    return {
        {"processes.signal-host-process",
         [](const Facts& f) { return outcome(::kill(std::atoi(fact(f, "victim").c_str()), 0)); }},
        {"processes.see-host-process",
         [](const Facts& f) { return search_processes("cmdline", fact(f, "mark") + ".victim"); }},
        {"processes.read-host-environment",
         [](const Facts& f) { return search_processes("environ", fact(f, "mark")); }},
        {"processes.watch-host-process",
         [](const Facts& f) { return outcome(::syscall(SYS_pidfd_open, std::atoi(fact(f, "victim").c_str()), 0)); }},
        {"processes.trace",
         [](const Facts&) {
             return about_child([](pid_t child) { return outcome(::ptrace(PTRACE_SEIZE, child, nullptr, nullptr)); });
         }},
        {"processes.read-memory", [](const Facts&) { return about_child(read_other_memory); }},
        {"processes.take-descriptor",
         [](const Facts&) {
             return about_child([](pid_t child) {
                 const long pidfd = ::syscall(SYS_pidfd_open, child, 0);
                 return outcome(::syscall(SYS_pidfd_getfd, pidfd, 0, 0));
             });
         }},
        {"processes.compare-kernel-objects",
         [](const Facts&) { return outcome(::syscall(SYS_kcmp, ::getpid(), ::getpid(), 0, 0, 0)); }},
        {"processes.init-memory", [](const Facts&) { return can_open("/proc/1/mem", O_RDWR); }, own_root},
        {"processes.init-descriptors", [](const Facts&) { return can_open("/proc/1/fd/0", O_RDONLY); }, own_root},
        {"processes.init-environment", [](const Facts&) { return can_open("/proc/1/environ", O_RDONLY); }, own_root},
        {"processes.init-root", [](const Facts&) { return can_open("/proc/1/root", O_RDONLY); }, own_root},
        {"processes.init-namespaces", [](const Facts&) { return can_open("/proc/1/ns/net", O_RDONLY); }, own_root},
        // The arguments of the call in which it waits: its calls of set-up carry the launcher's token.
        {"processes.init-system-call", [](const Facts&) { return can_open("/proc/1/syscall", O_RDONLY); }, own_root},
        {"processes.init-out-of-memory-score", [](const Facts&) { return can_open("/proc/1/oom_score_adj", O_WRONLY); },
         own_root},
        {"processes.init-limits",
         [](const Facts&) {
             rlimit none{RLIM_INFINITY, RLIM_INFINITY};
             return outcome(::prlimit(1, RLIMIT_CPU, &none, nullptr));
         },
         own_root},
        {"processes.trace-init", [](const Facts&) { return outcome(::ptrace(PTRACE_SEIZE, 1, nullptr, nullptr)); },
         own_root},
        // What stands when the filter does not: the kernel's own bound, which no call gets past.
        {"processes.room-for-user-namespaces",
         [](const Facts&) {
             const std::string most = read_text("/proc/sys/user/max_user_namespaces");
             return most == "0\n" ? refused("none") : granted(most.substr(0, most.find('\n')));
         }},
        {"processes.unshare-user", [](const Facts&) { return outcome(::syscall(SYS_unshare, CLONE_NEWUSER)); }},
        {"processes.unshare-mount", [](const Facts&) { return outcome(::syscall(SYS_unshare, CLONE_NEWNS)); },
         own_root},
        {"processes.unshare-net", [](const Facts&) { return outcome(::syscall(SYS_unshare, CLONE_NEWNET)); }, own_root},
        {"processes.clone-user", [](const Facts&) { return clone_with(CLONE_NEWUSER); }},
        {"processes.clone-pid", [](const Facts&) { return clone_with(CLONE_NEWPID); }, own_root},
        {"processes.clone-cgroup", [](const Facts&) { return clone_with(CLONE_NEWCGROUP); }, own_root},
        {"processes.clone3-user", [](const Facts&) { return clone3_with(CLONE_NEWUSER); }},
        {"processes.enter-namespace",
         [](const Facts&) {
             return outcome(::syscall(SYS_setns, ::open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC), CLONE_NEWUTS));
         },
         own_root},
        {"processes.become-root", [](const Facts&) { return outcome(::setresuid(0, 0, 0)); }, own_root},
        {"processes.effective-capabilities", [](const Facts&) { return capability_in("CapEff"); }, own_root},
        {"processes.permitted-capabilities", [](const Facts&) { return capability_in("CapPrm"); }, own_root},
        {"processes.capability-bounding-set", [](const Facts&) { return capability_in("CapBnd"); }},
        {"processes.gain-privileges-by-exec",
         [](const Facts&) { return found(::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0, "no_new_privs is not set"); }},
        {"processes.realtime-priority", realtime, answered, nullptr, nullptr, SYS_sched_setscheduler},
        {"processes.negative-nice", [](const Facts&) { return outcome(::setpriority(PRIO_PROCESS, 0, -5)); }, answered,
         nullptr, nullptr, SYS_setpriority},
        {"processes.io-priority", [](const Facts&) { return outcome(::syscall(SYS_ioprio_set, 1, 0, 2 << 13)); },
         answered, nullptr, nullptr, SYS_ioprio_set},
    };
}

}  // namespace assay::containment

// Resources: more than the limit of one kind. Each runs in a sandbox of its own: it may end the sandbox.
#include <fcntl.h>
#include <mqueue.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "tests/containment/check.h"

namespace assay::containment {
namespace {

Answer take_memory(const Facts&) {
    void* memory = ::mmap(nullptr, kMemory.asked, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return outcome(-1);
    std::memset(memory, 1, kMemory.asked);
    return granted();
}

// The same without a mapping of ours that a limit on address space would see.
Answer take_memory_as_file(const Facts&) {
    const int fd = ::memfd_create("much", 0);
    static const char block[1 << 16] = {1};
    for (std::uint64_t done = 0; done < kMemory.asked; done += sizeof block)
        if (::write(fd, block, sizeof block) != sizeof block) return outcome(-1);
    return granted();
}

Answer take_processes(const Facts&) {
    Answer answer = granted();
    std::vector<pid_t> children;
    while (children.size() < kProcesses.asked && answer.granted) {
        const pid_t child = ::fork();
        if (child == 0) {
            ::pause();
            ::_exit(0);
        }
        if (child < 0) answer = outcome(-1);
        if (child > 0) children.push_back(child);
    }
    for (const pid_t child : children) ::kill(child, SIGKILL);
    while (::wait(nullptr) > 0) {
    }
    return answer;
}

Answer take_files(const Facts&) {
    for (std::uint64_t i = 0; i < kFiles.asked; ++i)
        if (::dup(1) < 0) return outcome(-1);
    return granted();
}

Answer fill(const std::string& folder, std::uint64_t bytes) {
    const std::string path = folder + "/assay-fill";
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0) return outcome(-1);
    ::signal(SIGXFSZ, SIG_IGN);
    static const char block[1 << 16] = {};
    Answer answer = granted();
    for (std::uint64_t done = 0; done < bytes && answer.granted; done += sizeof block)
        if (::write(fd, block, sizeof block) != sizeof block) answer = outcome(-1);
    ::unlink(path.c_str());
    return answer;
}

Answer take_inodes(const Facts& facts) {
    Answer answer = granted();
    std::uint64_t made = 0;
    auto path = [&](std::uint64_t i) { return fact(facts, "tmp") + "/" + std::to_string(i); };
    for (; made < kInodes.asked && answer.granted; ++made)
        if (::symlink("x", path(made).c_str()) != 0) answer = outcome(-1);
    while (made-- > 0) ::unlink(path(made).c_str());
    return answer;
}

Answer burn_cpu(const Facts&) {
    for (timespec used{}; used.tv_sec < static_cast<time_t>(kCpuTime.asked);)
        ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return granted();
}

Answer stay(const Facts&) {
    ::sleep(static_cast<unsigned>(kWallTime.asked));
    return granted();
}

// Counted for a user on the whole machine, not for a sandbox: one alone must not use them up for all.
Answer queue_signals(const Facts&) {
    sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, SIGRTMIN);
    ::sigprocmask(SIG_BLOCK, &set, nullptr);
    for (int i = 0; i < 4096; ++i)
        if (::sigqueue(::getpid(), SIGRTMIN, sigval{}) != 0) return outcome(-1);
    return granted();
}

Answer watch_files(const Facts&) {
    for (int i = 0; i < 60; ++i)
        if (::inotify_init1(IN_CLOEXEC) < 0) return outcome(-1);
    return granted();
}

Answer fill_message_queues(const Facts&) {
    Answer answer = granted();
    auto name = [](int i) { return "/assay-containment-" + std::to_string(i); };
    mq_attr attr{};
    attr.mq_maxmsg = 10;
    attr.mq_msgsize = 4096;
    int made = 0;
    for (; made < 8 && answer.granted; ++made)
        if (::mq_open(name(made).c_str(), O_RDWR | O_CREAT, 0600, &attr) < 0) answer = outcome(-1);
    while (made-- > 0) ::mq_unlink(name(made).c_str());
    return answer;
}

Answer raise_limit(const Facts&) {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = ++limit.rlim_max;
    return outcome(::setrlimit(RLIMIT_NOFILE, &limit));
}

// A core that is piped to a handler of the host's is written whatever the limit says, unless it is exactly 1: then the
// kernel starts no handler (fs/coredump.c). A handler runs as root, outside, on what the sandbox wrote.
Answer start_core_handler(const Facts&) {
    rlimit limit{};
    ::getrlimit(RLIMIT_CORE, &limit);
    if (limit.rlim_cur != 1) return granted("RLIMIT_CORE is not 1");
    limit.rlim_cur = 0;
    return outcome(::setrlimit(RLIMIT_CORE, &limit));
}

Answer outlive_harness(const Facts& facts) {
    const std::string own = read_text("/proc/self/oom_score_adj");
    const int mine = std::atoi(own.c_str());
    return found(mine <= std::atoi(fact(facts, "oom_score_adj").c_str()) && mine != 1000,  // nobody goes before 1000
                 "oom_score_adj is " + own.substr(0, own.find('\n')));
}

}  // namespace

Table resource_checks() {
    using enum Outside;
    return {
        {"resources.memory", take_memory},
        {"resources.memory-as-file", take_memory_as_file},
        {"resources.processes", take_processes},
        {"resources.open-files", take_files},
        {"resources.file-size", [](const Facts& f) { return fill(fact(f, "tmp"), kFileSize.asked); }},
        {"resources.disk-in-work-tree", [](const Facts& f) { return fill(fact(f, "work"), kDisk.asked); }},
        {"resources.disk-in-tmp", [](const Facts& f) { return fill(fact(f, "tmp"), kDisk.asked); }},
        {"resources.disk-in-home", [](const Facts& f) { return fill(fact(f, "home"), kDisk.asked); }},
        {"resources.disk-in-shared-memory", [](const Facts& f) { return fill(fact(f, "shm"), kDisk.asked); }},
        {"resources.inodes", take_inodes},
        {"resources.cpu-time", burn_cpu},
        {"resources.wall-time", stay},
        {"resources.pending-signals", queue_signals},
        {"resources.watch-instances", watch_files},
        {"resources.message-queues", fill_message_queues},
        {"resources.raise-own-limit", raise_limit, answered, nullptr, nullptr, SYS_prlimit64},
        {"resources.core-dump-handler", start_core_handler},
        {"resources.last-to-be-killed", outlive_harness},
    };
}

}  // namespace assay::containment

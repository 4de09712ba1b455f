// What a check needs outside a sandbox to be granted: each in a process of its own, which ends with the check.
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <cstring>

#include "tests/containment/check.h"

namespace assay::containment {
namespace {

bool write_text(const char* path, const std::string& text) {
    const int fd = ::open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    const bool good = fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    ::close(fd);
    return good;
}

// Root of everything that an ordinary user can have for itself. The caller becomes pid 1's child: its own pid 1 waits.
bool become_own_root(const Facts& facts) {
    const unsigned uid = ::geteuid();
    const unsigned gid = ::getegid();
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS) != 0)
        return false;
    if (!write_text("/proc/self/setgroups", "deny") ||
        !write_text("/proc/self/uid_map", "0 " + std::to_string(uid) + " 1") ||
        !write_text("/proc/self/gid_map", "0 " + std::to_string(gid) + " 1"))
        return false;
    for (int level = 0; level < 2; ++level) {  // pid 1, then the one that asks
        const pid_t child = ::fork();
        if (child < 0) return false;
        if (child > 0) {
            int status = 0;
            ::waitpid(child, &status, 0);
            ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
        }
    }
    const std::string domain = fact(facts, "domain");
    return ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
           ::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) == 0 &&
           ::setdomainname(domain.data(), domain.size()) == 0;
}

// A file or folder of ours at `path`. Where the host has nothing there, an empty folder over the one above makes room.
bool stand_in_for(const Check& check) {
    const bool folder = check.content == nullptr;
    if (::mount("tmpfs", "/mnt", "tmpfs", 0, nullptr) != 0) return false;
    if (folder ? ::mkdir("/mnt/it", 0777) != 0 : !write_text("/mnt/it", check.content)) return false;
    if (::access(check.path, F_OK) != 0) {
        const std::string path = check.path;
        if (::mount("tmpfs", path.substr(0, path.rfind('/')).c_str(), "tmpfs", 0, nullptr) != 0) return false;
        if (folder ? ::mkdir(check.path, 0777) != 0 : !write_text(check.path, "")) return false;
    }
    return ::mount("/mnt/it", check.path, nullptr, MS_BIND, nullptr) == 0;
}

bool answer_call(long number) {
    sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(number), 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO),  // errno 0: success
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog filter{4, program};
    return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) == 0;
}

}  // namespace

bool arrange(const Check& check, const Facts& facts) {
    switch (check.outside) {
        case Outside::plain: return true;
        case Outside::own_root: return become_own_root(facts);
        case Outside::stand_in: return become_own_root(facts) && stand_in_for(check);
        case Outside::answered:
        case Outside::answered_only: return answer_call(check.call);
    }
    return false;
}

}  // namespace assay::containment

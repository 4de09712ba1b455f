// Does one thing that a sandbox must allow or refuse, and says how it went: "0", or the name of the errno. Static, so
// that it runs in any image; its own process, so that what it damages is its own.

#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <vector>

namespace {

long in_child(long flags) {
    long pid = ::syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
    if (pid == 0) ::_exit(0);
    if (pid > 0) ::waitpid(static_cast<pid_t>(pid), nullptr, 0);
    return pid < 0 ? -1 : 0;
}

long int80(long number) {
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(number) : "memory");
    if (result < 0) {
        errno = static_cast<int>(-result);
        return -1;
    }
    return 0;
}

long closing(long fd) {
    if (fd < 0) return -1;
    ::close(static_cast<int>(fd));
    return 0;
}

const std::map<std::string, long (*)()> kProbes = {
    {"unshare-user", [] { return ::syscall(SYS_unshare, CLONE_NEWUSER); }},
    {"unshare-mount", [] { return ::syscall(SYS_unshare, CLONE_NEWNS); }},
    {"clone-user", [] { return in_child(CLONE_NEWUSER); }},
    {"clone-plain", [] { return in_child(0); }},
    {"clone3",
     [] {
         std::uint64_t args[8] = {};
         args[4] = SIGCHLD;
         long pid = ::syscall(SYS_clone3, args, sizeof args);
         if (pid == 0) ::_exit(0);
         if (pid > 0) ::waitpid(static_cast<pid_t>(pid), nullptr, 0);
         return pid < 0 ? -1L : 0L;
     }},
    {"mount", [] { return static_cast<long>(::mount("tmpfs", "/tmp", "tmpfs", 0, nullptr)); }},
    {"umount", [] { return static_cast<long>(::umount2("/.assay", MNT_DETACH)); }},
    {"remount-rw", [] { return static_cast<long>(::mount(nullptr, "/", nullptr, MS_REMOUNT | MS_BIND, nullptr)); }},
    {"fsopen", [] { return closing(::syscall(SYS_fsopen, "tmpfs", 0)); }},
    {"open-tree", [] { return closing(::syscall(SYS_open_tree, AT_FDCWD, "/", 0)); }},
    {"chroot", [] { return static_cast<long>(::chroot("/tmp")); }},
    {"setns", [] { return ::syscall(SYS_setns, ::open("/proc/self/ns/net", O_RDONLY), CLONE_NEWNET); }},
    {"keyctl", [] { return ::syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_PROCESS_KEYRING, 1) < 0 ? -1L : 0L; }},
    {"add-key", [] { return ::syscall(SYS_add_key, "user", "a", "b", 1, KEY_SPEC_PROCESS_KEYRING) < 0 ? -1L : 0L; }},
    {"io-uring",
     [] {
         char params[256] = {};
         return closing(::syscall(SYS_io_uring_setup, 4, params));
     }},
    {"bpf",
     [] {
         char attr[128] = {};
         return ::syscall(SYS_bpf, 0, attr, sizeof attr);
     }},
    {"perf",
     [] {
         perf_event_attr attr{};
         attr.size = sizeof attr;
         attr.type = PERF_TYPE_SOFTWARE;
         attr.config = PERF_COUNT_SW_CPU_CLOCK;
         attr.exclude_kernel = 1;
         return closing(::syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0));
     }},
    {"userfaultfd", [] { return closing(::syscall(SYS_userfaultfd, 1 /* user mode only */)); }},
    {"ptrace", [] { return static_cast<long>(::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr)); }},
    {"ptrace-init", [] { return static_cast<long>(::ptrace(PTRACE_SEIZE, 1, nullptr, nullptr)); }},
    {"vm-read",
     [] {
         char from = 'x';
         char to = 0;
         iovec local{&to, 1};
         iovec remote{&from, 1};
         return ::process_vm_readv(::getpid(), &local, 1, &remote, 1, 0) < 0 ? -1L : 0L;
     }},
    {"kcmp", [] { return ::syscall(SYS_kcmp, ::getpid(), ::getpid(), 0, 0, 0) < 0 ? -1L : 0L; }},
    {"pidfd-getfd",
     [] {
         long pidfd = ::syscall(SYS_pidfd_open, ::getpid(), 0);
         return closing(::syscall(SYS_pidfd_getfd, pidfd, 0, 0));
     }},
    {"personality-ask", [] { return static_cast<long>(::personality(0xffffffff)) < 0 ? -1L : 0L; }},
    {"personality-set", [] { return static_cast<long>(::personality(ADDR_NO_RANDOMIZE)) < 0 ? -1L : 0L; }},
    {"tiocsti",
     [] {
         char c = 'x';
         return static_cast<long>(::ioctl(0, TIOCSTI, &c));
     }},
    // The kernel looks at the lower half only; a filter that compared the whole would let this one pass.
    {"tiocsti-high",
     [] {
         char c = 'x';
         return ::syscall(SYS_ioctl, 0, 0x100000000UL | TIOCSTI, &c);
     }},
    {"tcgets",
     [] {
         char state[256];
         return static_cast<long>(::ioctl(0, TCGETS, state));
     }},
    {"socket-inet", [] { return closing(::socket(AF_INET, SOCK_STREAM, 0)); }},
    {"socket-unix", [] { return closing(::socket(AF_UNIX, SOCK_STREAM, 0)); }},
    {"socket-netlink-route", [] { return closing(::socket(AF_NETLINK, SOCK_RAW, 0)); }},
    {"socket-netlink-other", [] { return closing(::socket(AF_NETLINK, SOCK_RAW, 4)); }},
    {"socket-alg", [] { return closing(::socket(38 /* AF_ALG */, SOCK_SEQPACKET, 0)); }},
    {"socket-vsock", [] { return closing(::socket(40 /* AF_VSOCK */, SOCK_STREAM, 0)); }},
    {"socket-packet", [] { return closing(::socket(AF_PACKET, SOCK_DGRAM, 0)); }},
    {"socket-raw", [] { return closing(::socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)); }},
    {"prlimit-self",
     [] {
         rlimit limit{};
         return static_cast<long>(::prlimit(0, RLIMIT_NOFILE, nullptr, &limit));
     }},
    {"prlimit-init",
     [] {
         rlimit limit{1, 1};
         return static_cast<long>(::prlimit(1, RLIMIT_CPU, &limit, nullptr));
     }},
    {"mkfifo", [] { return static_cast<long>(::mkfifo("/tmp/fifo", 0600)); }},
    {"mknod", [] { return static_cast<long>(::mknod("/tmp/node", S_IFCHR | 0600, 0x103)); }},
    {"sethostname", [] { return static_cast<long>(::sethostname("x", 1)); }},
    {"int80-getpid", [] { return int80(20); }},
    {"x32-getpid", [] { return ::syscall(0x40000000 | SYS_getpid) < 0 ? -1L : 0L; }},
    {"aio",
     [] {
         aio_context_t context = 0;
         return ::syscall(SYS_io_setup, 1, &context);
     }},
    {"kill-init", [] { return static_cast<long>(::kill(1, SIGKILL)); }},
    {"open-init-mem", [] { return closing(::open("/proc/1/mem", O_RDWR)); }},
    {"open-init-fd", [] { return closing(::open("/proc/1/fd/4", O_WRONLY)); }},
    {"raise-capability", [] { return static_cast<long>(::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 21, 0, 0)); }},
    {"set-mm", [] { return static_cast<long>(::prctl(PR_SET_MM, PR_SET_MM_BRK, 0, 0, 0)); }},
    // Answers every connection to port 8080, until it is ended.
    {"serve",
     [] {
         const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
         sockaddr_in address{};
         address.sin_family = AF_INET;
         address.sin_port = htons(8080);
         if (::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return -1L;
         if (::listen(listener, 8) != 0) return -1L;
         for (;;) {
             const int connection = ::accept(listener, nullptr, nullptr);
             if (connection < 0 || ::write(connection, "hello", 5) != 5) return -1L;
             ::close(connection);
         }
     }},
    // As many connections to itself as it may have at once.
    {"connections",
     [] {
         const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
         sockaddr_in address{};
         address.sin_family = AF_INET;
         address.sin_port = htons(8080);
         if (::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return -1L;
         if (::listen(listener, 4096) != 0) return -1L;
         for (int count = 0;; ++count) {
             const int one = ::socket(AF_INET, SOCK_STREAM, 0);
             if (one < 0 || ::connect(one, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
                 std::printf("count %d\n", count);
                 return -1L;
             }
         }
     }},
    {"memory-hog",
     [] {
         for (int i = 0; i < 4096; ++i) {
             void* block = ::mmap(nullptr, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
             if (block == MAP_FAILED) return -1L;
             std::memset(block, 1, 1 << 20);
         }
         return 0L;
     }},
};

}  // namespace

int main(int argc, char** argv) {
    for (int i = 1; i < argc; ++i) {
        auto probe = kProbes.find(argv[i]);
        if (probe == kProbes.end()) {
            std::printf("%s unknown\n", argv[i]);
            return 2;
        }
        // A process each: what one probe changes, the next does not see.
        std::fflush(stdout);
        pid_t pid = ::fork();
        if (pid == 0) {
            errno = 0;
            long result = probe->second();
            std::printf("%s %s\n", argv[i], result == 0 ? "0" : ::strerrorname_np(errno));
            std::fflush(stdout);
            ::_exit(0);
        }
        int status = 0;
        ::waitpid(pid, &status, 0);
        if (WIFSIGNALED(status)) std::printf("%s signal %d\n", argv[i], WTERMSIG(status));
    }
    return 0;
}

// Kernel surface: calls, socket families, ioctls and settings that a server has no use for.
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/fanotify.h>
#include <linux/keyctl.h>
#include <linux/mman.h>
#include <linux/perf_event.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "tests/containment/check.h"

namespace assay::containment {
namespace {

constexpr int kAfAlg = 38;
constexpr int kAfVsock = 40;
constexpr int kAfXdp = 44;
constexpr long kX32 = 0x40000000;
// getuid32 of the 32-bit table. Its number in the 64-bit one is fremovexattr: nothing that a check itself uses.
constexpr long kInt80 = 199;

long int80(long number) {
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(number) : "memory");
    if (result >= 0) return result;
    errno = static_cast<int>(-result);
    return -1;
}

Answer family(int domain, int type, int protocol = 0) {
    const int fd = ::socket(domain, type, protocol);
    const Answer answer = reached(fd);
    if (fd >= 0) ::close(fd);
    return answer;
}

// Huge pages are a pool of the whole machine, which no cgroup of ours bounds.
Answer mapped(int flags) {
    void* memory = ::mmap(nullptr, 2 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
    return outcome(memory == MAP_FAILED ? -1 : 0);
}

Answer vmsplice_into_pipe(const Facts&) {
    int ends[2];
    if (::pipe(ends) != 0) return refused("no pipe");
    static char byte = 'x';
    iovec piece{&byte, 1};
    return outcome(::vmsplice(ends[1], &piece, 1, 0));
}

}  // namespace

Table kernel_checks() {
    using enum Outside;
    constexpr std::uintptr_t kNowhere = 1;
    return {
        {"kernel.bpf", [](const Facts&) { return reached(::syscall(SYS_bpf, 0, kNowhere, 1)); }, answered, nullptr,
         nullptr, SYS_bpf},
        {"kernel.performance-counters",
         [](const Facts&) {
             perf_event_attr attr{};
             attr.size = sizeof attr;
             attr.type = PERF_TYPE_SOFTWARE;
             attr.config = PERF_COUNT_SW_CPU_CLOCK;
             return reached(::syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0));
         },
         answered, nullptr, nullptr, SYS_perf_event_open},
        {"kernel.userfaultfd", [](const Facts&) { return reached(::syscall(SYS_userfaultfd, 1)); }, answered, nullptr,
         nullptr, SYS_userfaultfd},
        {"kernel.io-uring",
         [](const Facts&) {
             char params[256] = {};
             return reached(::syscall(SYS_io_uring_setup, 4, params));
         },
         answered, nullptr, nullptr, SYS_io_uring_setup},
        {"kernel.asynchronous-io",
         [](const Facts&) {
             aio_context_t context = 0;
             return reached(::syscall(SYS_io_setup, 1, &context));
         }},
        {"kernel.keyring",
         [](const Facts&) {
             return reached(::syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_PROCESS_KEYRING, 1));
         }},
        {"kernel.add-key",
         [](const Facts&) { return reached(::syscall(SYS_add_key, "user", "a", "b", 1, KEY_SPEC_PROCESS_KEYRING)); }},
        {"kernel.request-key",
         [](const Facts&) { return reached(::syscall(SYS_request_key, "user", "assay-none", nullptr, 0)); }},
        {"kernel.load-module", [](const Facts&) { return reached(::syscall(SYS_init_module, kNowhere, 0, kNowhere)); },
         answered_only, nullptr, nullptr, SYS_init_module},
        {"kernel.load-module-file", [](const Facts&) { return reached(::syscall(SYS_finit_module, -1, kNowhere, 0)); },
         answered_only, nullptr, nullptr, SYS_finit_module},
        {"kernel.unload-module", [](const Facts&) { return reached(::syscall(SYS_delete_module, kNowhere, 0)); },
         answered_only, nullptr, nullptr, SYS_delete_module},
        {"kernel.load-kernel", [](const Facts&) { return reached(::syscall(SYS_kexec_load, 0, 0, 0, 0xdead)); },
         answered_only, nullptr, nullptr, SYS_kexec_load},
        {"kernel.reboot", [](const Facts&) { return reached(::syscall(SYS_reboot, 0, 0, 0, 0)); }, answered_only,
         nullptr, nullptr, SYS_reboot},
        {"kernel.swap-on", [](const Facts&) { return reached(::syscall(SYS_swapon, kNowhere, 0)); }, answered_only,
         nullptr, nullptr, SYS_swapon},
        {"kernel.swap-off", [](const Facts&) { return reached(::syscall(SYS_swapoff, kNowhere)); }, answered_only,
         nullptr, nullptr, SYS_swapoff},
        {"kernel.process-accounting", [](const Facts&) { return reached(::syscall(SYS_acct, kNowhere)); },
         answered_only, nullptr, nullptr, SYS_acct},
        {"kernel.quota", [](const Facts&) { return reached(::syscall(SYS_quotactl, 0, 0, 0, 0)); }, answered_only,
         nullptr, nullptr, SYS_quotactl},
        {"kernel.set-clock", [](const Facts&) { return reached(::syscall(SYS_clock_settime, 0, kNowhere)); },
         answered_only, nullptr, nullptr, SYS_clock_settime},
        {"kernel.set-time-of-day", [](const Facts&) { return reached(::syscall(SYS_settimeofday, kNowhere, 0)); },
         answered_only, nullptr, nullptr, SYS_settimeofday},
        {"kernel.adjust-clock", [](const Facts&) { return reached(::syscall(SYS_adjtimex, kNowhere)); }},
        {"kernel.io-ports", [](const Facts&) { return reached(::syscall(SYS_ioperm, 0x80, 1, 0)); }, answered_only,
         nullptr, nullptr, SYS_ioperm},
        {"kernel.io-privilege-level", [](const Facts&) { return reached(::syscall(SYS_iopl, 0)); }, answered, nullptr,
         nullptr, SYS_iopl},
        {"kernel.host-name", [](const Facts&) { return outcome(::sethostname("x", 1)); }, own_root},
        {"kernel.domain-name", [](const Facts&) { return outcome(::setdomainname("x", 1)); }, own_root},
        {"kernel.segment-descriptors",
         [](const Facts&) {
             char table[16];
             return reached(::syscall(SYS_modify_ldt, 0, table, sizeof table));
         },
         answered, nullptr, nullptr, SYS_modify_ldt},
        {"kernel.address-layout", [](const Facts&) { return outcome(::personality(ADDR_NO_RANDOMIZE)); }},
        {"kernel.file-events",
         [](const Facts&) { return reached(::syscall(SYS_fanotify_init, FAN_CLASS_NOTIF | FAN_REPORT_FID, 0)); },
         answered, nullptr, nullptr, SYS_fanotify_init},
        {"kernel.own-filters",
         [](const Facts&) {
             int action = SECCOMP_RET_KILL_THREAD;
             return reached(::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action));
         }},
        {"kernel.splice-memory", vmsplice_into_pipe},
        {"kernel.move-pages", [](const Facts&) { return reached(::syscall(SYS_move_pages, 0, 0, 0, 0, 0, 0)); },
         answered, nullptr, nullptr, SYS_move_pages},
        {"kernel.memory-map-of-process",
         [](const Facts&) { return reached(::prctl(PR_SET_MM, PR_SET_MM_BRK, 0, 0, 0)); }, answered, nullptr, nullptr,
         SYS_prctl},
        {"kernel.32-bit-calls", [](const Facts&) { return reached(int80(kInt80)); }, answered, nullptr, nullptr,
         kInt80},
        {"kernel.x32-calls", [](const Facts&) { return reached(::syscall(kX32 | SYS_getpid)); }, answered, nullptr,
         nullptr, kX32 | SYS_getpid},
        {"kernel.packet-socket", [](const Facts&) { return family(AF_PACKET, SOCK_DGRAM); }, own_root},
        {"kernel.crypto-socket", [](const Facts&) { return family(kAfAlg, SOCK_SEQPACKET); }, answered, nullptr,
         nullptr, SYS_socket},
        {"kernel.virtual-machine-socket", [](const Facts&) { return family(kAfVsock, SOCK_STREAM); }, answered, nullptr,
         nullptr, SYS_socket},
        {"kernel.express-data-path-socket", [](const Facts&) { return family(kAfXdp, SOCK_RAW); }, answered, nullptr,
         nullptr, SYS_socket},
        {"kernel.generic-netlink", [](const Facts&) { return family(AF_NETLINK, SOCK_RAW, 16); }},
        {"kernel.netfilter-netlink", [](const Facts&) { return family(AF_NETLINK, SOCK_RAW, 12); }, answered, nullptr,
         nullptr, SYS_socket},
        {"kernel.socket-diagnosis", [](const Facts&) { return family(AF_NETLINK, SOCK_RAW, 4); }, answered, nullptr,
         nullptr, SYS_socket},
        {"kernel.type-into-terminal",
         [](const Facts&) {
             char c = 'x';
             return reached(::ioctl(0, TIOCSTI, &c));
         }},
        // The kernel looks at the lower half only; a filter that compared the whole would let this one pass.
        {"kernel.type-into-terminal-high-bits",
         [](const Facts&) {
             char c = 'x';
             return reached(::syscall(SYS_ioctl, 0, 0x100000000UL | TIOCSTI, &c));
         }},
        {"kernel.console-ioctl",
         [](const Facts&) {
             char code = 6;
             return reached(::ioctl(0, TIOCLINUX, &code));
         }},
        {"kernel.huge-pages", [](const Facts&) { return mapped(MAP_HUGETLB); }, answered, nullptr, nullptr, SYS_mmap},
        {"kernel.huge-page-files", [](const Facts&) { return outcome(::memfd_create("huge", MFD_HUGETLB)); }, answered,
         nullptr, nullptr, SYS_memfd_create},
        {"kernel.system-request", [](const Facts&) { return can_open("/proc/sysrq-trigger", O_WRONLY); }, stand_in,
         "/proc/sysrq-trigger", ""},
        {"kernel.core-pattern", [](const Facts&) { return can_open("/proc/sys/kernel/core_pattern", O_WRONLY); },
         stand_in, "/proc/sys/kernel/core_pattern", ""},
        {"kernel.panic-setting", [](const Facts&) { return can_open("/proc/sys/kernel/panic", O_WRONLY); }, stand_in,
         "/proc/sys/kernel/panic", ""},
        {"kernel.drop-caches", [](const Facts&) { return can_open("/proc/sys/vm/drop_caches", O_WRONLY); }, stand_in,
         "/proc/sys/vm/drop_caches", ""},
        {"kernel.memory-image", [](const Facts&) { return can_open("/proc/kcore", O_RDONLY); }, stand_in, "/proc/kcore",
         ""},
    };
}

}  // namespace assay::containment

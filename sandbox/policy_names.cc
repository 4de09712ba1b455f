#include "sandbox/policy_names.h"

#include <linux/fs.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif

namespace assay::sandbox {
namespace {

struct Constant {
    std::string_view name;
    std::uint64_t value;
};

#define ASSAY_NAME(constant) \
    Constant { #constant, static_cast < std::uint64_t>(constant) }

const Constant kConstants[] = {
    // address families, netlink protocols
    ASSAY_NAME(AF_UNIX), ASSAY_NAME(AF_INET), ASSAY_NAME(AF_INET6), ASSAY_NAME(AF_NETLINK), ASSAY_NAME(AF_PACKET),
    ASSAY_NAME(AF_ALG), ASSAY_NAME(AF_VSOCK), ASSAY_NAME(AF_BLUETOOTH), ASSAY_NAME(AF_CAN), ASSAY_NAME(AF_TIPC),
    ASSAY_NAME(AF_XDP), ASSAY_NAME(AF_KEY), ASSAY_NAME(AF_RDS), ASSAY_NAME(NETLINK_ROUTE),
    ASSAY_NAME(NETLINK_SOCK_DIAG),
    // clone
    ASSAY_NAME(CLONE_NEWUSER), ASSAY_NAME(CLONE_NEWNS), ASSAY_NAME(CLONE_NEWPID), ASSAY_NAME(CLONE_NEWNET),
    ASSAY_NAME(CLONE_NEWIPC), ASSAY_NAME(CLONE_NEWUTS), ASSAY_NAME(CLONE_NEWCGROUP),
    // prctl
    ASSAY_NAME(PR_SET_NAME), ASSAY_NAME(PR_GET_NAME), ASSAY_NAME(PR_SET_PDEATHSIG), ASSAY_NAME(PR_GET_PDEATHSIG),
    ASSAY_NAME(PR_SET_DUMPABLE), ASSAY_NAME(PR_GET_DUMPABLE), ASSAY_NAME(PR_SET_NO_NEW_PRIVS),
    ASSAY_NAME(PR_GET_NO_NEW_PRIVS), ASSAY_NAME(PR_CAPBSET_READ), ASSAY_NAME(PR_CAPBSET_DROP),
    ASSAY_NAME(PR_CAP_AMBIENT), ASSAY_NAME(PR_SET_VMA), ASSAY_NAME(PR_SET_THP_DISABLE), ASSAY_NAME(PR_GET_THP_DISABLE),
    ASSAY_NAME(PR_SET_TIMERSLACK), ASSAY_NAME(PR_GET_TIMERSLACK), ASSAY_NAME(PR_SET_CHILD_SUBREAPER),
    ASSAY_NAME(PR_GET_CHILD_SUBREAPER), ASSAY_NAME(PR_GET_SECCOMP), ASSAY_NAME(PR_GET_SECUREBITS),
    ASSAY_NAME(PR_GET_KEEPCAPS),
    // ioctl: terminals, descriptors and files, interfaces
    ASSAY_NAME(TCGETS), ASSAY_NAME(TCSETS), ASSAY_NAME(TCSETSW), ASSAY_NAME(TCSETSF), ASSAY_NAME(TIOCGWINSZ),
    ASSAY_NAME(TIOCGPGRP), ASSAY_NAME(TIOCSPGRP), ASSAY_NAME(TIOCOUTQ), ASSAY_NAME(TCSBRK), ASSAY_NAME(TCFLSH),
    ASSAY_NAME(TIOCNOTTY), ASSAY_NAME(TIOCSTI), ASSAY_NAME(TIOCLINUX), ASSAY_NAME(TIOCCONS), ASSAY_NAME(TIOCSETD),
    ASSAY_NAME(FIONREAD), ASSAY_NAME(FIONBIO), ASSAY_NAME(FIOASYNC), ASSAY_NAME(FIOCLEX), ASSAY_NAME(FIONCLEX),
    ASSAY_NAME(FICLONE), ASSAY_NAME(FICLONERANGE), ASSAY_NAME(SIOCGIFCONF), ASSAY_NAME(SIOCGIFFLAGS),
    ASSAY_NAME(SIOCGIFADDR), ASSAY_NAME(SIOCGIFNETMASK), ASSAY_NAME(SIOCGIFBRDADDR), ASSAY_NAME(SIOCGIFINDEX),
    ASSAY_NAME(SIOCGIFNAME), ASSAY_NAME(SIOCGIFMTU), ASSAY_NAME(SIOCGIFHWADDR), ASSAY_NAME(SIOCATMARK),
    // the launcher's own
    ASSAY_NAME(SECCOMP_IOCTL_NOTIF_RECV), ASSAY_NAME(SECCOMP_IOCTL_NOTIF_SEND),
    ASSAY_NAME(SECCOMP_IOCTL_NOTIF_ID_VALID), ASSAY_NAME(SIOCSIFFLAGS), ASSAY_NAME(SIOCSIFADDR),
    ASSAY_NAME(SIOCSIFNETMASK)};

const Constant kErrors[] = {ASSAY_NAME(ENOSYS), ASSAY_NAME(EPERM),  ASSAY_NAME(EACCES),    ASSAY_NAME(EAFNOSUPPORT),
                            ASSAY_NAME(ENOTTY), ASSAY_NAME(EINVAL), ASSAY_NAME(EOPNOTSUPP)};

#undef ASSAY_NAME

template <std::size_t N>
const Constant* find(const Constant (&table)[N], std::string_view name) {
    const auto* at =
        std::find_if(std::begin(table), std::end(table), [&](const Constant& c) { return c.name == name; });
    return at == std::end(table) ? nullptr : at;
}

}  // namespace

std::optional<std::uint64_t> policy_constant(std::string_view name) {
    const Constant* found = find(kConstants, name);
    if (found == nullptr) return std::nullopt;
    return found->value;
}

std::optional<int> errno_by_name(std::string_view name) {
    const Constant* found = find(kErrors, name);
    if (found == nullptr) return std::nullopt;
    return static_cast<int>(found->value);
}

}  // namespace assay::sandbox

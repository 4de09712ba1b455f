#include "sandbox/host_check.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <string_view>

#include "base/fd.h"

namespace assay::sandbox {
namespace {

using State = Finding::State;

constexpr unsigned kOldestMajor = 5;  // mount_setattr, and overlayfs in a user namespace
constexpr unsigned kOldestMinor = 12;
constexpr std::uint64_t kFewFiles = 4096;  // about 12 descriptors for each submission in work
constexpr std::uint64_t kFewProcesses = 1024;
constexpr std::uint64_t kFewPids = 32768;
constexpr std::uint64_t kFewWatchers = 1024;

class Look {
 public:
    explicit Look(const HostView& host) : host_(host) {}

    // Without its line break; empty when it cannot be read.
    [[nodiscard]] std::string text(const std::string& path) const {
        std::string content = read_file(host_.root + path, 1 << 20).value_or("");
        if (const auto end = content.find_last_not_of(" \n"); end != std::string::npos) content.erase(end + 1);
        return content;
    }
    [[nodiscard]] bool there(const std::string& path) const { return ::access((host_.root + path).c_str(), F_OK) == 0; }
    // `otherwise` when it cannot be read.
    [[nodiscard]] std::uint64_t number(const std::string& path, std::uint64_t otherwise) const {
        const std::string digits = text(path);
        std::uint64_t value = 0;
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
        return error == std::errc() && end != digits.data() ? value : otherwise;
    }
    [[nodiscard]] const HostView& host() const { return host_; }

 private:
    const HostView& host_;
};

Finding good(std::string name, std::string found) { return {std::move(name), State::good, std::move(found), {}, {}}; }

Finding kernel_version(const Look& look) {
    const std::string release = look.text("/proc/sys/kernel/osrelease");
    unsigned major = 0;
    unsigned minor = 0;
    const char* end = release.data() + release.size();
    const char* at = std::from_chars(release.data(), end, major).ptr;
    if (at != end) std::from_chars(at + 1, end, minor);
    if (major > kOldestMajor || (major == kOldestMajor && minor >= kOldestMinor))
        return good("kernel", "Linux " + release);
    return {"kernel", State::missing, "Linux " + release, "boot Linux 5.12 or newer",
            "nothing: sandboxes need mount_setattr, and overlayfs in user namespaces"};
}

Finding user_namespaces(const Look& look) {
    const char* name = "user namespaces";
    const char* nothing = "nothing: every sandbox is in one";
    if (!look.there("/proc/self/ns/user"))
        return {name, State::missing, "this kernel has none", "boot a kernel with CONFIG_USER_NS=y", nothing};
    if (look.number("/proc/sys/user/max_user_namespaces", 1) == 0)
        return {name, State::missing, "user.max_user_namespaces = 0", "sysctl -w user.max_user_namespaces=10000",
                nothing};
    const char* as_root = "assay as root";
    if (look.number("/proc/sys/kernel/unprivileged_userns_clone", 1) == 0)
        return {name, look.host().superuser ? State::limited : State::missing, "kernel.unprivileged_userns_clone = 0",
                "sysctl -w kernel.unprivileged_userns_clone=1", as_root};
    if (look.number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 0) == 1)
        return {name, look.host().superuser ? State::limited : State::missing,
                "kernel.apparmor_restrict_unprivileged_userns = 1",
                "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or give assay-launcher an AppArmor profile "
                "with \"userns,\"",
                as_root};
    return good(name, "allowed, at most " + look.text("/proc/sys/user/max_user_namespaces"));
}

Finding seccomp(const Look& look) {
    const std::string actions = look.text("/proc/sys/kernel/seccomp/actions_avail");
    if (actions.find("errno") == std::string::npos)
        return {"seccomp", State::missing, "no filters", "boot a kernel with CONFIG_SECCOMP_FILTER=y",
                "nothing: every sandbox is filtered"};
    if (actions.find("user_notif") == std::string::npos)
        return {"seccomp", State::limited, actions, "boot Linux 5.0 or newer",
                "filters; refused system calls are not reported by name"};
    return good("seccomp", actions);
}

Finding overlay(const Look& look) {
    if (look.text("/proc/filesystems").find("\toverlay") != std::string::npos)
        return good("overlayfs", "in the kernel");
    return {"overlayfs", State::limited, "not loaded", "modprobe overlay",
            "the kernel may load it by itself when asked"};
}

Finding cgroups(const Look& look) {
    const std::string mounts = "\n" + look.text("/proc/self/mountinfo");
    const bool second = mounts.find(" - cgroup2 ") != std::string::npos;
    const bool first = mounts.find(" - cgroup ") != std::string::npos;
    if (!second && !first)
        return {"cgroups", State::limited, "not mounted", "mount -t cgroup2 none /sys/fs/cgroup",
                "limits of processes and CPU time for each process; memory and CPU shares are not limited"};
    return good("cgroups", second && first ? "v1, with v2 beside it" : second ? "v2" : "v1");
}

Finding limit(const char* name, std::uint64_t value, std::uint64_t few, const std::string& remedy,
              const char* without) {
    const std::string found = value == 0 ? "no limit" : std::to_string(value);
    if (value == 0 || value >= few) return good(name, found);
    return {name, State::limited, found, remedy, without};
}

Finding pressure(const Look& look) {
    if (look.there("/proc/pressure/cpu")) return good("pressure files", "/proc/pressure");
    return {"pressure files", State::limited, "none", "boot with psi=1, or a kernel with CONFIG_PSI=y",
            "admission by memory and cores alone; starvation is judged by CPU times"};
}

}  // namespace

HostView this_host() {
    HostView host;
    host.superuser = ::geteuid() == 0;
    auto value = [](rlim_t limit) { return limit == RLIM_INFINITY ? 0 : static_cast<std::uint64_t>(limit); };
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) host.files = value(limit.rlim_max);
    if (::getrlimit(RLIMIT_NPROC, &limit) == 0) host.processes = value(limit.rlim_cur);
    return host;
}

std::vector<Finding> check_kernel(const HostView& host) {
    const Look look(host);
    return {kernel_version(look),
            user_namespaces(look),
            seccomp(look),
            overlay(look),
            cgroups(look),
            limit("process numbers", look.number("/proc/sys/kernel/pid_max", 0), kFewPids,
                  "sysctl -w kernel.pid_max=4194304", "fewer submissions at once: give --jobs N"),
            limit("processes of the user", host.processes, kFewProcesses, "ulimit -u unlimited",
                  "fewer submissions at once: give --jobs N"),
            limit("open files", host.files, kFewFiles,
                  "raise the hard limit: * hard nofile 65536 in /etc/security/limits.conf",
                  "fewer submissions at once: give --jobs N"),
            limit("inotify instances", look.number("/proc/sys/fs/inotify/max_user_instances", 0), kFewWatchers,
                  "sysctl -w fs.inotify.max_user_instances=8192",
                  "everything, but servers that watch files share these instances with all others of the user"),
            pressure(look)};
}

}  // namespace assay::sandbox

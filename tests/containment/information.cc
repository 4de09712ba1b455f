// Information: what of the host, of assay and of its user a program can learn by looking around.
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "tests/containment/check.h"

namespace assay::containment {
namespace {

Answer contains(const char* path, const std::string& mark) {
    return found(read_text(path).find(mark) != std::string::npos, mark);
}

Answer cgroup_of_host(const Facts&) {
    const std::string text = read_text("/proc/self/cgroup");
    for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
        const std::string line = text.substr(at, text.find('\n', at) - at);
        if (line.substr(line.rfind(':') + 1) != "/") return granted(line);
    }
    return refused("its own root");
}

utsname names() {
    utsname name{};
    ::uname(&name);
    return name;
}

}  // namespace

Table information_checks() {
    using enum Outside;
    return {
        {"information.environment",
         [](const Facts& f) {
             const char* value = ::getenv("ASSAY_CONTAINMENT_SECRET");  // NOLINT(concurrency-mt-unsafe): one thread
             return found(value != nullptr && value == fact(f, "mark"), "the harness's environment");
         }},
        {"information.host-name",
         [](const Facts& f) { return found(names().nodename == fact(f, "host"), names().nodename); }},
        {"information.domain-name",
         [](const Facts& f) { return found(names().domainname == fact(f, "domain"), names().domainname); }, own_root},
        {"information.kernel-log", [](const Facts&) { return outcome(::syscall(SYS_syslog, 10, nullptr, 0)); },
         answered, nullptr, nullptr, SYS_syslog},
        {"information.names-of-keys", [](const Facts& f) { return contains("/proc/keys", fact(f, "mark")); }, stand_in,
         "/proc/keys", "assay-containment"},
        {"information.machine-id", [](const Facts&) { return can_open("/etc/machine-id", O_RDONLY); }, stand_in,
         "/etc/machine-id", ""},
        {"information.users-of-the-host", [](const Facts&) { return contains("/etc/passwd", "\ndaemon:"); }, stand_in,
         "/etc/passwd", "root:\ndaemon:\n"},
        {"information.name-servers", [](const Facts&) { return contains("/etc/resolv.conf", "nameserver "); }, stand_in,
         "/etc/resolv.conf", "nameserver 192.0.2.53\n"},
        {"information.place-among-cgroups", cgroup_of_host, stand_in, "/proc/self/cgroup", "0::/user.slice\n"},
        {"information.kernel-addresses",
         [](const Facts&) {
             const std::string text = read_text("/proc/kallsyms", 4096);
             return found(!text.empty() && text.substr(0, 16).find_first_not_of('0') != std::string::npos,
                          text.substr(0, 16));
         },
         stand_in, "/proc/kallsyms", "ffffffff81000000 T _text\n"},
        {"information.harness-command-line",
         [](const Facts& f) { return contains("/proc/1/cmdline", fact(f, "mark")); }, stand_in, "/proc/1/cmdline",
         "assay-containment"},
    };
}

}  // namespace assay::containment

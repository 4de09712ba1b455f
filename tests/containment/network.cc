// Network: whom a program can reach, and what of its own network it can change.
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "tests/containment/check.h"

namespace assay::containment {
namespace {

Answer connect_inet(int type, const char* address, int port) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(port));
    ::inet_pton(AF_INET, address, &to.sin_addr);
    const int fd = ::socket(AF_INET, type, 0);
    const Answer answer = outcome(::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to));
    ::close(fd);
    return answer;
}

// `path` begins with '@' for an abstract name.
Answer connect_unix(const std::string& path) {
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    std::memcpy(to.sun_path, path.data(), path.size());
    if (path[0] == '@') to.sun_path[0] = '\0';
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    const Answer answer = outcome(::connect(fd, reinterpret_cast<sockaddr*>(&to), size));
    ::close(fd);
    return answer;
}

Answer other_interface(const Facts&) {
    const int fd = ::socket(AF_INET, SOCK_DGRAM, 0);
    ifreq request{};
    for (request.ifr_ifindex = 2; request.ifr_ifindex < 256; ++request.ifr_ifindex)  // lo is 1
        if (::ioctl(fd, SIOCGIFNAME, &request) == 0) return granted(request.ifr_name);
    return refused("lo only");
}

Answer add_address(const Facts&) {
    struct {
        nlmsghdr header;
        ifaddrmsg address;
        rtattr local_header;
        in_addr local;
    } add{};
    add.header.nlmsg_len = sizeof add;
    add.header.nlmsg_type = RTM_NEWADDR;
    add.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE;
    add.address.ifa_family = AF_INET;
    add.address.ifa_prefixlen = 32;
    add.address.ifa_index = 1;
    add.local_header.rta_len = RTA_LENGTH(sizeof add.local);
    add.local_header.rta_type = IFA_LOCAL;
    ::inet_pton(AF_INET, "10.0.2.9", &add.local);
    const int fd = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0 || ::send(fd, &add, sizeof add, 0) < 0) return outcome(-1);
    struct {
        nlmsghdr header;
        nlmsgerr error;
        char rest[512];
    } reply;
    if (::recv(fd, &reply, sizeof reply, 0) < 0) return outcome(-1);
    errno = -reply.error.error;
    return outcome(errno == 0 ? 0 : -1);
}

Answer take_interface_down(const Facts&) {
    ifreq request{};
    std::strcpy(request.ifr_name, "lo");
    request.ifr_flags = 0;
    return outcome(::ioctl(::socket(AF_INET, SOCK_DGRAM, 0), SIOCSIFFLAGS, &request));
}

Answer option(int level, int name, int value) {
    return outcome(::setsockopt(::socket(AF_INET, SOCK_STREAM, 0), level, name, &value, sizeof value));
}

}  // namespace

Table network_checks() {
    using enum Outside;
    return {
        {"network.host-service",
         [](const Facts& f) { return connect_inet(SOCK_STREAM, "127.0.0.1", std::atoi(fact(f, "port").c_str())); }},
        {"network.host-abstract-socket", [](const Facts& f) { return connect_unix("@" + fact(f, "mark")); }},
        {"network.host-socket-file", [](const Facts& f) { return connect_unix(fact(f, "door")); }},
        // Connecting a datagram socket sends nothing; it asks for a route.
        {"network.route-to-the-world", [](const Facts&) { return connect_inet(SOCK_DGRAM, "198.51.100.1", 53); },
         answered, nullptr, nullptr, SYS_connect},
        {"network.metadata-service", [](const Facts&) { return connect_inet(SOCK_DGRAM, "169.254.169.254", 80); },
         answered, nullptr, nullptr, SYS_connect},
        {"network.other-interface", other_interface, answered, nullptr, nullptr, SYS_ioctl},
        {"network.add-address", add_address, own_root},
        {"network.take-interface-down", take_interface_down, own_root},
        {"network.raw-socket", [](const Facts&) { return outcome(::socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)); },
         own_root},
        {"network.raw-socket-6", [](const Facts&) { return outcome(::socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6)); },
         own_root},
        {"network.foreign-source-address", [](const Facts&) { return option(SOL_IP, IP_TRANSPARENT, 1); }, own_root},
        {"network.mark-packets", [](const Facts&) { return option(SOL_SOCKET, SO_MARK, 7); }, own_root},
        {"network.buffers-beyond-the-limit", [](const Facts&) { return option(SOL_SOCKET, SO_RCVBUFFORCE, 1 << 28); },
         answered, nullptr, nullptr, SYS_setsockopt},
        {"network.change-settings",
         [](const Facts&) { return can_open("/proc/sys/net/ipv4/ip_unprivileged_port_start", O_WRONLY); }, own_root},
        // What the kernel learns of one connection would shape the next sandbox's: the namespace is used again.
        {"network.remembers-round-trips",
         [](const Facts&) {
             const std::string setting = read_text("/proc/sys/net/ipv4/tcp_no_metrics_save");
             return found(!setting.empty() && setting[0] == '0', "tcp_no_metrics_save is off");
         },
         stand_in, "/proc/sys/net/ipv4/tcp_no_metrics_save", "0\n"},
    };
}

}  // namespace assay::containment

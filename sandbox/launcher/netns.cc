#include "sandbox/launcher/netns.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "sandbox/spec.h"

namespace assay::sandbox {
namespace {

// Sends one request and reads its acknowledgement; netlink(7).
Result<void> request(int socket, const void* bytes, std::size_t size, const char* step) {
    if (::send(socket, bytes, size, 0) < 0) return fail_errno(errno, step);
    struct {
        nlmsghdr header;
        nlmsgerr error;
        char rest[512];
    } reply;
    ssize_t got = ::recv(socket, &reply, sizeof reply, 0);
    if (got < 0) return fail_errno(errno, step);
    if (static_cast<std::size_t>(got) < sizeof reply.header + sizeof reply.error ||
        reply.header.nlmsg_type != NLMSG_ERROR)
        return fail_errno(EBADMSG, step);
    if (reply.error.error != 0) return fail_errno(-reply.error.error, step);
    return {};
}

bool write_setting(int proc, const char* path, const char* digit) {
    const int file = ::openat(proc, path, O_WRONLY | O_CLOEXEC);
    if (file < 0) return false;
    const bool good = ::write(file, digit, 1) == 1;
    const int code = errno;
    ::close(file);
    errno = code;
    return good;
}

// lo up, with the service address beside 127.0.0.1. By ioctl (netdevice(7)), because the kernel is done with such a
// socket when it is closed; a netlink socket would count as alive until a grace period of RCU has passed, and with it
// the namespace as not yet clean.
const char* raise_loopback(const Privilege& privilege, int socket) {
    auto change = [&](const char* interface, unsigned long request, const char* address) {
        ifreq wanted{};
        std::strncpy(wanted.ifr_name, interface, sizeof wanted.ifr_name - 1);
        if (address == nullptr) {
            wanted.ifr_flags = IFF_UP | IFF_RUNNING;
        } else {
            sockaddr_in to{};
            to.sin_family = AF_INET;
            ::inet_pton(AF_INET, address, &to.sin_addr);
            std::memcpy(&wanted.ifr_addr, &to, sizeof to);
        }
        return privilege.ioctl(socket, request, &wanted) == 0;
    };
    if (!change("lo", SIOCSIFFLAGS, nullptr)) return "bring lo up";
    if (!change("lo:1", SIOCSIFADDR, kServiceAddress)) return "add service address";
    if (!change("lo:1", SIOCSIFNETMASK, "255.255.255.255")) return "narrow service address";
    return nullptr;
}

// Number after `name` in a "name value name value" line of sockstat; -1 when it is not there.
long field(std::string_view text, std::string_view line, std::string_view name) {
    std::size_t at = text.find(line);
    if (at == std::string_view::npos) return -1;
    text = text.substr(at, text.find('\n', at) - at);
    at = text.find(name);
    if (at == std::string_view::npos) return -1;
    long value = 0;
    for (char c : text.substr(at + name.size())) {
        if (c < '0' || c > '9') break;
        value = value * 10 + (c - '0');
    }
    return value;
}

struct Sockets {
    long alive = -1;      // of every family, closing ones included
    long time_wait = -1;  // counted apart: they are no longer sockets to the kernel, but they hold their port
};

Sockets count_sockets(int sockstat) {
    char text[1024];
    ssize_t got = ::pread(sockstat, text, sizeof text, 0);
    if (got <= 0) return {};
    std::string_view view(text, static_cast<std::size_t>(got));
    return {field(view, "sockets:", "used "), field(view, "TCP:", "tw ")};
}

// sock_diag(7): asks for the TCP sockets of one family in TIME_WAIT and ends each. Kernels that cannot end these answer
// with an error, and the sockets stay.
void end_time_wait(int diag, std::uint8_t family) {
    struct Request {
        nlmsghdr header;
        inet_diag_req_v2 query;
    } list{};
    list.header.nlmsg_len = sizeof list;
    list.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    list.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    list.query.sdiag_family = family;
    list.query.sdiag_protocol = IPPROTO_TCP;
    list.query.idiag_states = 1u << TCP_TIME_WAIT;
    if (::send(diag, &list, sizeof list, 0) < 0) return;

    std::vector<inet_diag_sockid> found;
    alignas(nlmsghdr) char answer[16 * 1024];
    for (bool more = true; more;) {
        ssize_t got = ::recv(diag, answer, sizeof answer, 0);
        if (got <= 0) return;
        auto left = static_cast<unsigned>(got);
        for (auto* at = reinterpret_cast<nlmsghdr*>(answer); NLMSG_OK(at, left); at = NLMSG_NEXT(at, left)) {
            if (at->nlmsg_type == NLMSG_DONE || at->nlmsg_type == NLMSG_ERROR) {
                more = false;
                break;
            }
            found.push_back(static_cast<inet_diag_msg*>(NLMSG_DATA(at))->id);
        }
    }
    for (const inet_diag_sockid& id : found) {
        Request end{};
        end.header.nlmsg_len = sizeof end;
        end.header.nlmsg_type = SOCK_DESTROY;
        end.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
        end.query.sdiag_family = family;
        end.query.sdiag_protocol = IPPROTO_TCP;
        end.query.idiag_states = 1u << TCP_TIME_WAIT;
        end.query.id = id;
        if (!request(diag, &end, sizeof end, "end socket")) return;
    }
}

}  // namespace

const char* furnish_net(const Privilege& privilege, int proc) {
    const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket < 0) return "open socket in net namespace";
    const char* failed = raise_loopback(privilege, socket);
    const int code = errno;
    ::close(socket);
    errno = code;
    if (failed != nullptr) return failed;
    // So that a server may listen on 80, as it may in a container.
    return write_setting(proc, "sys/net/ipv4/ip_unprivileged_port_start", "0") ? nullptr : "open the low ports";
}

Result<std::unique_ptr<NetNs>> Nets::make() {
    if (privilege_.unshare(CLONE_NEWNET) != 0) return fail_errno(errno, "unshare net namespace");
    auto net = std::make_unique<NetNs>();
    current_ = net->serial = ++last_serial_;
    net->ns = Fd(::openat(proc_, "self/ns/net", O_RDONLY | O_CLOEXEC));
    if (!net->ns) return fail_errno(errno, "open net namespace");
    if (const char* failed = furnish_net(privilege_, proc_)) return fail_errno(errno, failed);
    // What one server's connections were like is not to shape the next one's. Kernels that keep this setting for the
    // whole machine do not show it here.
    static_cast<void>(write_setting(proc_, "sys/net/ipv4/tcp_no_metrics_save", "1"));
    net->counted = Fd(::openat(proc_, "self/net/sockstat", O_RDONLY | O_CLOEXEC));
    if (!net->counted) return fail_errno(errno, "open /proc/net/sockstat");
    return net;
}

std::unique_ptr<NetNs> Nets::adopt(Fd ns) {
    auto net = std::make_unique<NetNs>();
    net->serial = ++last_serial_;
    net->ns = std::move(ns);
    return net;
}

bool Nets::clean(const NetNs& net) {
    Sockets left = count_sockets(net.counted.get());
    if (left.alive == 0 && left.time_wait > 0 && enter(net)) {
        Fd diag(privilege_.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
        if (diag) {
            end_time_wait(diag.get(), AF_INET);
            end_time_wait(diag.get(), AF_INET6);
        }
        diag.reset();
        left = count_sockets(net.counted.get());
    }
    return left.alive == 0 && left.time_wait == 0;
}

Result<void> Nets::enter(const NetNs& net) {
    if (current_ == net.serial) return {};
    if (privilege_.setns(net.ns.get(), CLONE_NEWNET) != 0) return fail_errno(errno, "enter net namespace");
    current_ = net.serial;
    return {};
}

Result<std::vector<Fd>> Nets::make_sockets(const NetNs& net, std::uint32_t count) {
    ASSAY_CHECK(enter(net));
    std::vector<Fd> sockets;
    for (std::uint32_t i = 0; i < count; ++i) {
        sockets.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
        if (!sockets.back()) return fail_errno(errno, "make socket in net namespace");
    }
    return sockets;
}

}  // namespace assay::sandbox

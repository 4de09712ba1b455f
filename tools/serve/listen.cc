#include "tools/serve/listen.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>

namespace assay::serve {

namespace fs = std::filesystem;

namespace {

constexpr const char* kStep = "listen";
constexpr int kBacklog = 128;

// All that are made on the way are their owner's alone.
Result<void> make_private_folder(const fs::path& folder) {
    std::error_code error;
    if (folder.empty() || fs::is_directory(folder, error)) return {};
    ASSAY_CHECK(make_private_folder(folder.parent_path()));
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return fail_errno(errno, kStep, folder.string());
    return {};
}

bool answers(const sockaddr_un& address) {
    const Fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return true;
    return errno == EAGAIN;  // its backlog is full
}

std::string numeric(int socket) {
    sockaddr_storage bound{};
    socklen_t size = sizeof bound;
    char host[NI_MAXHOST] = "", port[NI_MAXSERV] = "";
    if (::getsockname(socket, reinterpret_cast<sockaddr*>(&bound), &size) != 0 ||
        ::getnameinfo(reinterpret_cast<sockaddr*>(&bound), size, host, sizeof host, port, sizeof port,
                      NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return {};
    return bound.ss_family == AF_INET6 ? "[" + std::string(host) + "]:" + port : std::string(host) + ":" + port;
}

}  // namespace

Result<Address> read_address(const std::string& text) {
    constexpr const char* kRemedy = "write unix:PATH, or HOST:PORT as 127.0.0.1:8080";
    Address address;
    if (text.starts_with("unix:")) {
        address.path = text.substr(5);
        if (address.path.empty()) return fail("read --listen", text + ": no path", kRemedy);
        if (address.path.size() >= sizeof(sockaddr_un::sun_path))
            return fail("read --listen", text + ": the path has more than 107 bytes", "choose a shorter one");
        return address;
    }
    const auto colon = text.rfind(':');
    if (colon == std::string::npos || colon == 0 || colon + 1 == text.size())
        return fail("read --listen", text + ": neither a unix socket nor host and port", kRemedy);
    address.host = text.substr(0, colon);
    address.port = text.substr(colon + 1);
    if (address.host.starts_with('[') && address.host.ends_with(']'))
        address.host = address.host.substr(1, address.host.size() - 2);
    else if (address.host.find(':') != std::string::npos)
        return fail("read --listen", text + ": an IPv6 address without brackets", "write [ADDRESS]:PORT");
    if (address.port.size() > 5 || address.port.find_first_not_of("0123456789") != std::string::npos ||
        std::stoul(address.port) > 65535)
        return fail("read --listen", text + ": no port", kRemedy);
    return address;
}

Result<Listener> Listener::open(const Address& address) {
    return address.network() ? open_network(address) : open_unix(address.path);
}

Listener::~Listener() {
    if (socket_ && !path_.empty()) ::unlink(path_.c_str());
}

// The lock decides who is alive: two that start at once cannot both find a dead socket.
Result<Listener> Listener::open_unix(const std::string& path) {
    ASSAY_CHECK(make_private_folder(fs::path(path).parent_path()));
    Listener made;
    const std::string lock = path + ".lock";
    made.lock_ = Fd(::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!made.lock_) return fail_errno(errno, kStep, lock, "name a place that you can write to, with --listen");
    if (::flock(made.lock_.get(), LOCK_EX | LOCK_NB) != 0)
        return fail(kStep, "a server listens on unix:" + path + " already", "use that one, or name another socket");

    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    struct stat info {};
    if (::lstat(path.c_str(), &info) == 0) {
        if (!S_ISSOCK(info.st_mode)) return fail(kStep, path + " is there, and no socket", "name another place");
        if (answers(address))
            return fail(kStep, "a program listens on unix:" + path + " already", "end it, or name another socket");
        if (::unlink(path.c_str()) != 0) return fail_errno(errno, kStep, path);
    }
    made.socket_ = Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!made.socket_) return fail_errno(errno, kStep, path);
    // Never open to others, not even for a moment.
    const mode_t before = ::umask(0177);
    const int bound = ::bind(made.socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    const int code = errno;
    ::umask(before);
    if (bound != 0) return fail_errno(code, kStep, "unix:" + path);
    made.path_ = path;
    if (::listen(made.socket_.get(), kBacklog) != 0) return fail_errno(errno, kStep, "unix:" + path);
    made.name_ = "unix:" + path;
    return made;
}

Result<Listener> Listener::open_network(const Address& address) {
    const std::string name = address.host + ":" + address.port;
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE;
    addrinfo* found = nullptr;
    if (const int code = ::getaddrinfo(address.host.c_str(), address.port.c_str(), &hints, &found); code != 0)
        return fail(kStep, name + ": " + ::gai_strerror(code), "write an address of this machine");
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> held(found, &::freeaddrinfo);
    Listener made;
    made.socket_ = Fd(::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!made.socket_) return fail_errno(errno, kStep, name);
    const int on = 1;
    (void)::setsockopt(made.socket_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (::bind(made.socket_.get(), found->ai_addr, found->ai_addrlen) != 0 ||
        ::listen(made.socket_.get(), kBacklog) != 0)
        return fail_errno(errno, kStep, name, "name another port with --listen, or 0 for any");
    made.name_ = "http://" + numeric(made.socket_.get());
    return made;
}

}  // namespace assay::serve

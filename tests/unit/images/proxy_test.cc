#include "images/proxy.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <thread>

using namespace assay;
using namespace assay::images;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

namespace {

Fd tcp_socket() { return Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)); }

// To a peer that may be gone: then false, and no SIGPIPE.
bool send_all(int socket, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

// A server that answers every connection with what it was sent, after a mark of its own, until the peer's end.
class EchoServer {
 public:
    explicit EchoServer(std::string mark, std::size_t limit = SIZE_MAX) : mark_(std::move(mark)), limit_(limit) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof address;
        EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
        EXPECT_EQ(::listen(socket_.get(), 8), 0);
        ::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &length);
        port_ = ntohs(address.sin_port);
        thread_ = std::jthread([this](const std::stop_token& stop) {
            while (!stop.stop_requested()) {
                pollfd waiting{socket_.get(), POLLIN, 0};
                if (::poll(&waiting, 1, 20) <= 0) continue;
                Fd peer(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
                (void)send_all(peer.get(), mark_);
                char chunk[4096];
                for (std::size_t total = 0; total < limit_;) {
                    const ssize_t got = ::read(peer.get(), chunk, sizeof chunk);
                    if (got <= 0) break;
                    total += static_cast<std::size_t>(got);
                    if (!send_all(peer.get(), std::string_view(chunk, static_cast<std::size_t>(got)))) break;
                }
            }
        });
    }
    [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
    Fd socket_ = tcp_socket();
    std::string mark_;
    std::size_t limit_;
    std::uint16_t port_ = 0;
    std::jthread thread_;
};

// Sends, ends its side, reads to the end.
std::string talk(std::uint16_t port, const std::string& text) {
    Fd socket = tcp_socket();
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    timeval patience{10, 0};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return "no connection";
    (void)send_all(socket.get(), text);
    ::shutdown(socket.get(), SHUT_WR);
    auto read = read_all(socket.get());
    return read ? *read : read.error().to_string();
}

Proxy start(const AllowList& allow, Proxy::Options options = {}) {
    options.allow = allow;
    auto proxy = Proxy::start(tcp_socket(), 0, std::move(options));
    EXPECT_TRUE(proxy);
    return std::move(*proxy);
}

AllowList allowing(const std::string& entry) {
    AllowList list;
    EXPECT_TRUE(list.add(entry));
    return list;
}

}  // namespace

TEST(Proxy, TunnelsToAHostOfTheList) {
    EchoServer server("hello ");
    const std::string name = "127.0.0.1:" + std::to_string(server.port());
    Proxy proxy = start(allowing(name));
    EXPECT_EQ(talk(proxy.port(), "CONNECT " + name + " HTTP/1.1\r\nHost: x\r\n\r\nand more"),
              "HTTP/1.1 200 Connection established\r\n\r\nhello and more");
    const auto record = proxy.stop();
    EXPECT_THAT(record.refused, IsEmpty());
    EXPECT_THAT(record.failures, IsEmpty());
    EXPECT_EQ(record.connections, 1u);
}

TEST(Proxy, RefusesEveryOtherHostAndNamesIt) {
    EchoServer server("hello");
    const std::string port = std::to_string(server.port());
    Proxy proxy = start(allowing("registry.example"));
    EXPECT_THAT(talk(proxy.port(), "CONNECT 127.0.0.1:" + port + " HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 403 "));
    EXPECT_THAT(talk(proxy.port(), "CONNECT 127.0.0.1:" + port + " HTTP/1.1\r\n\r\n"), Not(HasSubstr("hello")));
    EXPECT_THAT(talk(proxy.port(), "CONNECT registry.example:22 HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 403 "));
    EXPECT_THAT(talk(proxy.port(), "GET http://127.0.0.1:" + port + "/ HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 403 "));
    // The address that counts is the one in the request line, not the Host header.
    EXPECT_THAT(talk(proxy.port(), "CONNECT 127.0.0.1:" + port + " HTTP/1.1\r\nHost: registry.example:443\r\n\r\n"),
                StartsWith("HTTP/1.1 403 "));
    const auto record = proxy.stop();
    ASSERT_EQ(record.refused.size(), 2u);
    EXPECT_EQ(record.refused[0].host, "127.0.0.1:" + port);
    EXPECT_EQ(record.refused[0].count, 4u);
    EXPECT_EQ(record.refused[1].host, "registry.example:22");
}

TEST(Proxy, ForwardsOnePlainRequestAndNothingBehindIt) {
    EchoServer server("", 1);
    const std::string name = "127.0.0.1:" + std::to_string(server.port());
    Proxy proxy = start(allowing("http://" + name));
    const std::string seen =
        talk(proxy.port(), "GET http://" + name +
                               "/a?b HTTP/1.1\r\nHost: evil\r\nProxy-Authorization: x\r\n"
                               "Content-Length: 5\r\nAccept: */*\r\n\r\nGET http://evil/ HTTP/1.1\r\n\r\n");
    EXPECT_EQ(seen, "GET /a?b HTTP/1.1\r\nHost: " + name + "\r\nConnection: close\r\nAccept: */*\r\n\r\n");
    EXPECT_THAT(talk(proxy.port(), "POST http://" + name + "/ HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 405 "));
}

TEST(Proxy, RecordsAnAllowedHostThatDoesNotAnswer) {
    std::uint16_t port = 0;
    { port = EchoServer("").port(); }  // free again
    const std::string name = "127.0.0.1:" + std::to_string(port);
    Proxy proxy = start(allowing(name));
    EXPECT_THAT(talk(proxy.port(), "CONNECT " + name + " HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 502 "));
    const auto record = proxy.stop();
    ASSERT_EQ(record.failures.size(), 1u);
    EXPECT_EQ(record.failures[0].host, name);
    EXPECT_THAT(record.refused, IsEmpty());
}

TEST(Proxy, AnswersNonsenseAndClosesWhatSaysNothing) {
    Proxy::Options options;
    options.idle_timeout = Millis(50);
    Proxy proxy = start(allowing("registry.example"), options);
    EXPECT_THAT(talk(proxy.port(), "hello\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
    EXPECT_THAT(talk(proxy.port(), "GET / HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 403 "));
    EXPECT_EQ(talk(proxy.port(), std::string(100'000, 'x')).substr(0, 4).find("HTTP"), std::string::npos);
    EXPECT_EQ(talk(proxy.port(), ""), "");
}

TEST(Proxy, ClosesATunnelOnWhichNothingMoves) {
    EchoServer server("hello");
    const std::string name = "127.0.0.1:" + std::to_string(server.port());
    Proxy::Options options;
    options.idle_timeout = Millis(100);
    Proxy proxy = start(allowing(name), options);
    Fd socket = tcp_socket();
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(proxy.port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ASSERT_TRUE(send_all(socket.get(), "CONNECT " + name + " HTTP/1.1\r\n\r\n"));
    const auto read = read_all(socket.get());  // our side stays open: only the proxy can end this
    ASSERT_TRUE(read);
    EXPECT_THAT(*read, HasSubstr("hello"));
    EXPECT_EQ(proxy.stop().broken.size(), 1u);
}

TEST(Proxy, CarriesNoMoreThanItsLimit) {
    EchoServer server("");
    const std::string name = "127.0.0.1:" + std::to_string(server.port());
    Proxy::Options options;
    options.bytes = Bytes{100'000};
    Proxy proxy = start(allowing(name), options);
    const auto seen = talk(proxy.port(), "CONNECT " + name + " HTTP/1.1\r\n\r\n" + std::string(1'000'000, 'x'));
    EXPECT_LT(seen.size(), 300'000u);
    EXPECT_TRUE(proxy.stop().exhausted);
}

TEST(Proxy, GoesThroughTheHostsOwnProxy) {
    EchoServer target("from afar ");
    const std::string name = "127.0.0.1:" + std::to_string(target.port());
    Proxy host_proxy = start(allowing(name));
    Proxy::Options options;
    options.upstream.https = parse_url("http://127.0.0.1:" + std::to_string(host_proxy.port()));
    Proxy proxy = start(allowing(name), options);
    EXPECT_THAT(talk(proxy.port(), "CONNECT " + name + " HTTP/1.1\r\n\r\nx"), HasSubstr("from afar x"));
    EXPECT_EQ(host_proxy.stop().connections, 1u);
    EXPECT_THAT(talk(proxy.port(), "CONNECT " + name + " HTTP/1.1\r\n\r\nx"), StartsWith("HTTP/1.1 502 "));
}

TEST(Upstream, LeavesOutWhatNoProxyNames) {
    Upstream upstream;
    upstream.https = parse_url("http://proxy.example:3128");
    upstream.direct = {"internal.example", ".corp"};
    EXPECT_TRUE(upstream.of(true, "registry.example"));
    EXPECT_FALSE(upstream.of(false, "registry.example"));
    EXPECT_FALSE(upstream.of(true, "internal.example"));
    EXPECT_FALSE(upstream.of(true, "a.internal.example"));
    EXPECT_TRUE(upstream.of(true, "notinternal.example"));
    EXPECT_FALSE(upstream.of(true, "git.corp"));
    upstream.direct = {"*"};
    EXPECT_FALSE(upstream.of(true, "registry.example"));
}

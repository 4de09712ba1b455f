#include "images/proxy.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <thread>

#include "base/base64.h"
#include "images/proxy_request.h"

namespace assay::images {

namespace asio = boost::asio;
using asio::ip::tcp;
using namespace asio::experimental::awaitable_operators;
using ErrorCode = boost::system::error_code;

namespace {

constexpr std::size_t kHeadLimit = 32 * 1024;  // of a request or of the upstream proxy's answer
constexpr auto kToken = asio::as_tuple(asio::use_awaitable);

struct Answer {
    std::string status;
    std::string why;
};

void count(std::vector<Proxy::Event>& events, const std::string& host, const std::string& what) {
    for (Proxy::Event& event : events)
        if (event.host == host && event.what == what) {
            ++event.count;
            return;
        }
    if (events.size() < 100) events.push_back({host, what, 1});  // a builder may ask for endlessly many
}

}  // namespace

// Coroutines here keep what they await free of temporaries and conditional operators: GCC 12 destroys such twice.
struct Proxy::State {
    State(Options given, Fd socket) : options(std::move(given)), acceptor(io), slots(io) {
        acceptor.assign(tcp::v4(), socket.release());
    }

    Options options;
    asio::io_context io{1};
    tcp::acceptor acceptor;
    asio::steady_timer slots;  // cancelled when a connection ends: a waiting accept looks again
    std::uint32_t open = 0;
    Record record;  // of the thread, until it has been joined
    std::uint16_t listening_at = 0;
    std::jthread thread;

    asio::awaitable<void> accept() {
        for (;;) {
            if (open >= options.connections) {
                slots.expires_after(std::chrono::seconds(1));
                co_await slots.async_wait(kToken);
                continue;
            }
            auto [error, client] = co_await acceptor.async_accept(kToken);
            if (error == asio::error::operation_aborted) co_return;
            if (error) {  // out of descriptors, or the peer was gone: not in a busy loop
                slots.expires_after(Millis(50));
                co_await slots.async_wait(kToken);
                continue;
            }
            ++open;
            ++record.connections;
            asio::co_spawn(io, serve(std::move(client)), [this](const std::exception_ptr&) {
                --open;
                slots.cancel();
            });
        }
    }

    // One connection of the builder: one request, then what it leads to.
    asio::awaitable<void> serve(tcp::socket client) {
        std::string head;
        const bool read = co_await read_head(client, head, options.idle_timeout);
        if (!read) co_return;
        const auto head_end = head.find("\r\n\r\n") + 4;
        const auto request = parse_proxy_request(std::string_view(head).substr(0, head_end));
        const std::string rest = head.substr(head_end);
        if (!request) {
            count(record.refused, "?", "not a proxy request");
            const Answer refusal{"400 Bad Request", "not a proxy request"};
            co_await answer(client, refusal);
        } else if (request->method == "CONNECT") {
            co_await tunnel(client, *request, rest);
        } else {
            co_await forward(client, *request);
        }
    }

    // Up to and with the empty line; what came behind it is in `head`, too.
    asio::awaitable<bool> read_head(tcp::socket& socket, std::string& head, Millis timeout) {
        asio::steady_timer timer(io, timeout);
        auto done =
            co_await (asio::async_read_until(socket, asio::dynamic_buffer(head, kHeadLimit), "\r\n\r\n", kToken) ||
                      timer.async_wait(kToken));
        co_return done.index() == 0 && !std::get<0>(std::get<0>(done));
    }

    asio::awaitable<void> tunnel(tcp::socket& client, const ProxyRequest& request, const std::string& rest) {
        const auto target = parse_host_port(request.target);
        if (!target || !options.allow.allows(target->host, target->port)) {
            const std::string asked = target ? fmt::format("{}:{}", target->host, target->port) : "?";
            co_await refuse(client, asked);
            co_return;
        }
        const std::string name = fmt::format("{}:{}", target->host, target->port);
        const std::optional<Url>& via = options.upstream.of(true, target->host);
        const HostPort next = via ? HostPort{via->host, via->port} : *target;
        tcp::socket server(io);
        bool reached = co_await connect(server, next, name);
        std::string early;  // what the upstream proxy sent behind its answer
        if (reached && via) reached = co_await ask_upstream(server, *via, name, early);
        if (!reached) {
            const Answer cannot{"502 Bad Gateway", "cannot reach " + name};
            co_await answer(client, cannot);
            co_return;
        }
        const std::string begin = "HTTP/1.1 200 Connection established\r\n\r\n" + early;
        const auto [client_error, to_client] = co_await asio::async_write(client, asio::buffer(begin), kToken);
        const auto [server_error, to_server] = co_await asio::async_write(server, asio::buffer(rest), kToken);
        if (client_error || server_error) co_return;
        co_await relay(client, server, name, true);
    }

    // GET http://host/path: one request a connection, so nothing that follows reaches another host.
    asio::awaitable<void> forward(tcp::socket& client, const ProxyRequest& request) {
        const auto url = parse_url(request.target);
        if (!url || url->scheme != "http" || !options.allow.allows(url->host, url->port)) {
            const std::string asked = url ? fmt::format("{}:{}", url->host, url->port) : "?";
            co_await refuse(client, asked);
            co_return;
        }
        const std::string name = fmt::format("{}:{}", url->host, url->port);
        if (request.method != "GET" && request.method != "HEAD") {
            count(record.refused, name, request.method);
            const Answer refusal{"405 Method Not Allowed", "only GET and HEAD"};
            co_await answer(client, refusal);
            co_return;
        }
        const std::optional<Url>& via = options.upstream.of(false, url->host);
        const HostPort next = via ? HostPort{via->host, via->port} : HostPort{url->host, url->port};
        tcp::socket server(io);
        const bool reached = co_await connect(server, next, name);
        if (!reached) {
            const Answer cannot{"502 Bad Gateway", "cannot reach " + name};
            co_await answer(client, cannot);
            co_return;
        }
        const std::string head = forwarded_head(request, *url, via);
        const auto [error, written] = co_await asio::async_write(server, asio::buffer(head), kToken);
        if (error) co_return;
        co_await relay(client, server, name, false);
    }

    asio::awaitable<bool> connect(tcp::socket& server, const HostPort& next, const std::string& name) {
        tcp::resolver resolver(io);
        asio::steady_timer timer(io, options.connect_timeout);
        const std::string service = std::to_string(next.port);
        auto looked_up = co_await (resolver.async_resolve(next.host, service, kToken) || timer.async_wait(kToken));
        std::string why = "name look-up timed out";
        if (looked_up.index() == 0) {
            auto& [error, addresses] = std::get<0>(looked_up);
            why = error.message();
            for (const auto& address : addresses) {
                server = tcp::socket(io);
                timer.expires_after(options.connect_timeout);
                auto connected =
                    co_await (server.async_connect(address.endpoint(), kToken) || timer.async_wait(kToken));
                if (connected.index() == 0 && !std::get<0>(std::get<0>(connected))) co_return true;
                why = connected.index() == 0 ? std::get<0>(std::get<0>(connected)).message() : "connection timed out";
            }
        }
        count(record.failures, name, why);
        co_return false;
    }

    asio::awaitable<bool> ask_upstream(tcp::socket& server, const Url& via, const std::string& name,
                                       std::string& early) {
        std::string text = fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n", name);
        if (!via.user.empty()) text += fmt::format("Proxy-Authorization: Basic {}\r\n", base64_encode(via.user));
        text += "\r\n";
        const auto [error, written] = co_await asio::async_write(server, asio::buffer(text), kToken);
        std::string head;
        const bool read = co_await read_head(server, head, options.connect_timeout);
        if (error || !read || !head.starts_with("HTTP/1.") || head.substr(8, 2) != " 2") {
            const std::string status = read ? head.substr(0, head.find('\r')) : "no answer";
            count(record.failures, name, "the host's proxy: " + status);
            co_return false;
        }
        early = head.substr(head.find("\r\n\r\n") + 4);
        co_return true;
    }

    struct Activity {
        Instant last = Clock::now();
    };

    asio::awaitable<void> relay(tcp::socket& client, tcp::socket& server, const std::string& name, bool both) {
        Activity activity;
        if (both)
            co_await ((copy(client, server, activity, nullptr) && copy(server, client, activity, &name)) ||
                      watch(activity, name));
        else
            co_await (copy(server, client, activity, &name) || watch(activity, name));
    }

    // Until the end of `from`, which is handed on as the end of `to`. `name`: count what breaks off.
    asio::awaitable<void> copy(tcp::socket& from, tcp::socket& to, Activity& activity, const std::string* name) {
        std::array<char, 64 * 1024> chunk;
        for (;;) {
            auto [error, got] = co_await from.async_read_some(asio::buffer(chunk), kToken);
            if (error) {
                if (name != nullptr && error != asio::error::eof && error != asio::error::operation_aborted)
                    count(record.broken, *name, error.message());
                break;
            }
            activity.last = Clock::now();
            record.bytes.count += got;
            if (record.bytes > options.bytes) {
                record.exhausted = true;
                ErrorCode ignored;
                acceptor.close(ignored);
                break;
            }
            const auto [write_error, written] = co_await asio::async_write(to, asio::buffer(chunk.data(), got), kToken);
            if (write_error) break;
        }
        ErrorCode ignored;
        to.shutdown(tcp::socket::shutdown_send, ignored);
    }

    asio::awaitable<void> watch(Activity& activity, const std::string& name) {
        asio::steady_timer timer(io);
        while (!record.exhausted && Clock::now() - activity.last < options.idle_timeout) {
            timer.expires_after(std::min(options.idle_timeout, Millis(1000)));
            const auto [error] = co_await timer.async_wait(kToken);
            if (error) co_return;
        }
        if (!record.exhausted) count(record.broken, name, "nothing moved for too long");
    }

    asio::awaitable<void> refuse(tcp::socket& client, const std::string& host) {
        count(record.refused, host, "not on the list of allowed hosts");
        const Answer refusal{"403 Forbidden", host + " is not on the list of hosts that builds may reach"};
        co_await answer(client, refusal);
    }

    static asio::awaitable<void> answer(tcp::socket& client, const Answer& given) {
        const std::string text = fmt::format(
            "HTTP/1.1 {}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}\n",
            given.status, given.why.size() + 1, given.why);
        co_await asio::async_write(client, asio::buffer(text), kToken);
        ErrorCode ignored;
        client.shutdown(tcp::socket::shutdown_send, ignored);
    }
};

Proxy::Proxy(std::unique_ptr<State> state) : state_(std::move(state)) {}
Proxy::Proxy(Proxy&&) noexcept = default;
Proxy& Proxy::operator=(Proxy&&) noexcept = default;
Proxy::~Proxy() {
    if (state_) stop();
}

Result<Proxy> Proxy::start(Fd socket, std::uint16_t port, Options options) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    const int on = 1;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(socket.get(), 128) != 0 ||
        ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0)
        return fail_errno(errno, "start the build's proxy", fmt::format("127.0.0.1:{}", port));
    try {
        auto state = std::make_unique<State>(std::move(options), std::move(socket));
        state->listening_at = ntohs(address.sin_port);
        asio::co_spawn(state->io, state->accept(), asio::detached);
        state->thread = std::jthread([io = &state->io] {
            try {
                io->run();
            } catch (const std::exception&) {
                // Out of memory: connections close with the io_context, and the build sees that nobody answers.
            }
        });
        return Proxy(std::move(state));
    } catch (const std::exception& error) {
        return fail("start the build's proxy", error.what());
    }
}

std::uint16_t Proxy::port() const noexcept { return state_->listening_at; }

Proxy::Record Proxy::stop() {
    state_->io.stop();
    if (state_->thread.joinable()) state_->thread.join();
    Record record = std::move(state_->record);
    state_.reset();
    return record;
}

}  // namespace assay::images

#include "runtime/readiness.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <charconv>
#include <optional>

namespace assay::runtime {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr Millis kHealthTimeout{5000};  // one try, as the paper's
constexpr Millis kHealthInterval{500};  // between two tries that were answered
constexpr int kHealthTries = 5;

// The kernel tells nobody that a port is listened on. A look every millisecond while a server usually comes up, then
// every thousandth of the time that it has taken; a refused connection on loopback costs about 20 us.
Micros poll_interval(Micros waited) { return std::clamp(waited / 1000, Micros(1000), Micros(20000)); }

// The status code of one GET, 0 when no status line came.
Task<std::uint32_t> get_status(asio::io_context& context, tcp::socket& socket, const HealthCheck& check,
                               Instant deadline) {
    asio::steady_timer cutoff(context, deadline);
    auto alive = std::make_shared<bool>(true);
    cutoff.async_wait([&socket, alive](const error_code& error) {
        error_code ignored;
        if (!error && *alive) socket.cancel(ignored);
    });
    std::string request = "GET " + check.path + " HTTP/1.1\r\nHost: " + check.host + ":" + std::to_string(check.port) +
                          "\r\nUser-Agent: assay-health-check\r\nAccept: */*\r\nConnection: close\r\n\r\n";
    error_code error;
    co_await asio::async_write(socket, asio::buffer(request), asio::redirect_error(use_task, error));
    std::string answer;
    if (!error)
        co_await asio::async_read_until(socket, asio::dynamic_buffer(answer, 64 * 1024), "\r\n",
                                        asio::redirect_error(use_task, error));
    *alive = false;
    std::uint32_t code = 0;
    if (!error && answer.starts_with("HTTP/1.") && answer.size() > 12)
        std::from_chars(answer.data() + 9, answer.data() + 12, code);
    co_return code;
}

Task<tl::expected<Readiness, Fault>> poll(asio::io_context& context, Sandbox& sandbox, HealthCheck check) {
    const Instant begin = Clock::now();
    const Instant deadline = begin + check.deadline;
    const tcp::endpoint endpoint(asio::ip::make_address(sandbox::kServiceAddress), check.port);
    auto waited = [&] { return std::chrono::duration_cast<Micros>(Clock::now() - begin); };
    Readiness seen;
    int tries = 0;
    asio::steady_timer pause(context);
    std::optional<tcp::socket> socket;

    while (Clock::now() < deadline) {
        if (sandbox.has_ended()) {
            seen.state = Readiness::State::exited;
            break;
        }
        if (!socket) {
            auto fd = co_await sandbox.socket();
            if (!fd) {
                if (sandbox.has_ended()) continue;
                co_return tl::unexpected(fd.error());
            }
            socket.emplace(context, tcp::v4(), fd->release());
        }
        error_code error;
        co_await socket->async_connect(endpoint, asio::redirect_error(use_task, error));
        if (error) {  // refused: the same socket may connect again
            pause.expires_after(poll_interval(waited()));
            co_await pause.async_wait(use_task);
            continue;
        }
        seen.state = Readiness::State::unhealthy;
        if (!check.path.empty())
            seen.last_status =
                co_await get_status(context, *socket, check, std::min(deadline, Clock::now() + kHealthTimeout));
        socket.reset();
        if (check.path.empty() || seen.last_status == 200) {
            seen.state = Readiness::State::ready;
            break;
        }
        if (seen.last_status != 0 && ++tries == kHealthTries) break;
        const Micros interval = seen.last_status != 0 ? Micros(kHealthInterval) : poll_interval(waited());
        (void)co_await sandbox.ended_until(std::min(deadline, Clock::now() + interval));  // its end is seen at once
    }
    seen.after = waited();
    co_return seen;
}

}  // namespace

const char* to_string(Readiness::State state) {
    switch (state) {
        case Readiness::State::ready: return "ready";
        case Readiness::State::unhealthy: return "unhealthy";
        case Readiness::State::silent: return "silent";
        case Readiness::State::exited: return "exited";
    }
    return "unknown";
}

Task<tl::expected<Readiness, Fault>> await_ready(Reactor& reactor, Sandbox& sandbox, const HealthCheck& check) {
    // On the reactor's own thread: socket and timer of a try are then never touched by two threads.
    co_return co_await asio::co_spawn(reactor.context(), poll(reactor.context(), sandbox, check), use_task);
}

}  // namespace assay::runtime

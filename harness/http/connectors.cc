#include "harness/http/connectors.h"

#include <poll.h>
#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <vector>

#include "base/fd.h"
#include "harness/http/node_errors.h"

namespace assay::http {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {
constexpr auto use_tuple = asio::as_tuple(asio::use_awaitable_t<LaneExecutor>{});
using Resolver = asio::ip::basic_resolver<tcp, LaneExecutor>;
}  // namespace

std::optional<Socket> Connector::connect_at_once(std::string_view, std::uint16_t) { return std::nullopt; }

// Between two sockets of one machine the handshake is over when connect() returns, though a socket that does not block
// still says EINPROGRESS. Whatever else happens, a full backlog or a refusal, is left to the way that waits.
std::optional<Socket> HostConnector::connect_at_once(std::string_view host, std::uint16_t port) {
    error_code not_numeric;
    const auto address = asio::ip::make_address_v4(host, not_numeric);
    if (not_numeric || !address.is_loopback()) return std::nullopt;
    Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const tcp::endpoint peer(address, port);
    if (!fd || (::connect(fd.get(), peer.data(), static_cast<socklen_t>(peer.size())) != 0 && errno != EINPROGRESS))
        return std::nullopt;
    pollfd ready{fd.get(), POLLOUT, 0};
    if (::poll(&ready, 1, 0) != 1 || ready.revents != POLLOUT) return std::nullopt;
    Socket socket(executor_);
    error_code error;
    socket.assign(tcp::v4(), fd.get(), error);
    if (error) return std::nullopt;
    (void)fd.release();
    return socket;
}

Awaitable<Exchange<Socket>> HostConnector::connect(std::string_view host, std::uint16_t port) {
    const std::string name(host);
    std::vector<asio::ip::address> addresses;
    error_code not_numeric;
    if (const auto address = asio::ip::make_address(name, not_numeric); !not_numeric) {
        addresses.push_back(address);
    } else if (name == "localhost" || name.ends_with(".localhost")) {
        addresses = {asio::ip::address_v6::loopback(), asio::ip::address_v4::loopback()};
    } else {
        Resolver resolver(executor_);
        auto [error, found] = co_await resolver.async_resolve(name, "", use_tuple);
        if (error == asio::error::host_not_found_try_again) co_return tl::unexpected(try_again(name));
        if (error) co_return tl::unexpected(not_found(name));
        for (const auto& entry : found) addresses.push_back(entry.endpoint().address());
        if (addresses.empty()) co_return tl::unexpected(not_found(name));
    }
    Failure last = not_found(name);
    for (const auto& address : addresses) {
        Socket socket(executor_);
        error_code error;
        socket.open(address.is_v6() ? tcp::v6() : tcp::v4(), error);
        if (!error) {
            auto [refused] = co_await socket.async_connect(tcp::endpoint(address, port), use_tuple);
            error = refused;
        }
        if (!error) co_return socket;
        last = connect_failure(error.value(), address.to_string(), port);
        if (error == asio::error::operation_aborted) break;  // the client gave up waiting
    }
    co_return tl::unexpected(std::move(last));
}

}  // namespace assay::http

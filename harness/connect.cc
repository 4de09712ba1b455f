#include "harness/connect.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace assay::harness {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr asio::use_awaitable_t<http::LaneExecutor> use_lane;

bool leads_to_server(std::string_view host) {
    return host == "conduit" || host == "localhost" || host == sandbox::kServiceAddress;
}

std::string endpoint_text(std::uint16_t port) {
    return std::string(sandbox::kServiceAddress) + ":" + std::to_string(port);
}

http::Failure refused(std::uint16_t port) {
    return {http::Failure::Kind::connect, "ECONNREFUSED", "connect ECONNREFUSED " + endpoint_text(port)};
}

http::Failure not_found(std::string_view host) {
    return {http::Failure::Kind::resolve, "ENOTFOUND", "getaddrinfo ENOTFOUND " + std::string(host)};
}

const char* node_code(const boost::system::error_code& error) {
    switch (error.value()) {
        case ECONNREFUSED: return "ECONNREFUSED";
        case ECONNRESET: return "ECONNRESET";
        case ETIMEDOUT: return "ETIMEDOUT";
        case EHOSTUNREACH: return "EHOSTUNREACH";
        case ENETUNREACH: return "ENETUNREACH";
        default: return "EIO";
    }
}

}  // namespace

http::Awaitable<http::Exchange<http::Socket>> SandboxConnector::connect(std::string_view host, std::uint16_t port) {
    if (!leads_to_server(host)) co_return tl::unexpected(not_found(host));
    const http::LaneExecutor executor = co_await asio::this_coro::executor;
    // The launcher's answer arrives through the reactor; this lane is resumed with it.
    auto fd = co_await asio::co_spawn(executor, sandbox_.socket(), use_lane);
    if (!fd) {
        if (!sandbox_.has_ended()) fault_ = fd.error();
        co_return tl::unexpected(refused(port));
    }
    http::Socket socket(executor, tcp::v4(), fd->release());
    boost::system::error_code error;
    co_await socket.async_connect(tcp::endpoint(asio::ip::make_address_v4(sandbox::kServiceAddress), port),
                                  asio::redirect_error(use_lane, error));
    if (error) {
        const char* code = node_code(error);
        co_return tl::unexpected(http::Failure{http::Failure::Kind::connect, code,
                                               "connect " + std::string(code) + " " + endpoint_text(port)});
    }
    co_return socket;
}

http::Awaitable<http::Exchange<http::Socket>> RefusingConnector::connect(std::string_view host, std::uint16_t port) {
    if (!leads_to_server(host)) co_return tl::unexpected(not_found(host));
    co_return tl::unexpected(refused(port));
}

}  // namespace assay::harness

#include "tools/serve/server.h"

#include <sys/socket.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>

namespace assay::serve {

namespace asio = boost::asio;

namespace {
constexpr std::size_t kMostConnections = 512;
constexpr Millis kPause{50};  // when there are that many, or no descriptor is left
}  // namespace

void Server::add(Listener listener) {
    listeners_.push_back(std::make_unique<Listener>(std::move(listener)));
    asio::co_spawn(reactor_, accept(*listeners_.back()), asio::detached);
}

// Asio's own accept leaves descriptors open to programs that are executed: launchers are.
runtime::Task<void> Server::accept(const Listener& listener) {
    // A descriptor of its own: this one may be closed when the io_context ends, after the listener.
    auto own = duplicate(listener.fd());
    if (!own) co_return;
    asio::posix::stream_descriptor readable(reactor_, own->release());
    asio::steady_timer pause(reactor_);
    boost::system::error_code error;
    for (;;) {
        co_await readable.async_wait(asio::posix::stream_descriptor::wait_read,
                                     asio::redirect_error(runtime::use_task, error));
        if (error) co_return;
        Fd socket(connections_ < kMostConnections
                      ? ::accept4(listener.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)
                      : -1);
        if (!socket) {
            pause.expires_after(kPause);
            co_await pause.async_wait(asio::redirect_error(runtime::use_task, error));
            continue;
        }
        ++connections_;
        asio::co_spawn(reactor_,
                       serve_connection(reactor_, std::move(socket), listener.network(), token_, bounds_, api_),
                       [this](const std::exception_ptr&) { --connections_; });
    }
}

}  // namespace assay::serve

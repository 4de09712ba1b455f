// One connection of a client: plain TCP, or TLS on top of it. Non-blocking; reads and writes try at once and wait
// only when they must.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>

#include "harness/http/client.h"
#include "harness/http/idle_watch.h"

namespace assay::http {

struct Io {
    boost::system::error_code error;  // eof when the peer has closed
    std::size_t size = 0;
};

class Connection {
 public:
    // A kept connection serves requests to the same host and port in the same way.
    struct Key {
        std::string host;
        std::uint16_t port = 0;
        bool secure = false;
        bool verified = false;
    };
    Connection(Socket socket, Key key);

    // Makes it TLS. `host` is verified unless `verify` is false.
    Awaitable<Exchange<void>> handshake(boost::asio::ssl::context& context, const std::string& host, bool verify,
                                        IdleWatch& watch);

    // After the io of a silent peer expired() of the watch is true and the error operation_aborted.
    // Reading is in two halves, so that it costs no coroutine of its own: co_await read_some(), then
    // took_some() makes an Io of the result.
    using Some = std::tuple<boost::system::error_code, std::size_t>;
    Awaitable<Some> read_some(std::span<char> to);
    Io took_some(const Some& some, IdleWatch& watch) const;
    Awaitable<Io> write(std::string_view bytes, IdleWatch& watch);  // under TLS only

    // Without waiting; would_block when nothing moves. For plain connections only: TLS answers would_block.
    Io try_read(std::span<char> to);
    Io try_write(std::string_view bytes);
    // The next of these that the socket is ready for; plain only.
    Awaitable<boost::system::error_code> wait_readable();
    Awaitable<boost::system::error_code> wait_writable();

    // Whether the peer has left it alone since the last answer. Bytes that came unasked are dropped, as Node drops
    // them; a close, or anything at all under TLS, makes it unusable.
    bool still_usable();

    // The peer's kernel answered our last bytes with a reset: no one has read them.
    [[nodiscard]] bool peer_was_gone();

    [[nodiscard]] Peer peer();

    [[nodiscard]] bool serves(std::string_view host, std::uint16_t port, bool secure, bool verified) const noexcept {
        return key_.port == port && key_.secure == secure && key_.verified == verified && key_.host == host;
    }
    [[nodiscard]] bool secure() const noexcept { return tls_ != nullptr; }
    Socket& socket() noexcept { return tls_ ? tls_->next_layer() : *plain_; }

 private:
    using Tls = boost::asio::ssl::stream<Socket>;
    std::optional<Socket> plain_;
    std::unique_ptr<Tls> tls_;
    Key key_;
};

}  // namespace assay::http

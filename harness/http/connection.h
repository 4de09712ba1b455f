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

#include "harness/http/client.h"
#include "harness/http/idle_watch.h"

namespace assay::http {

struct Io {
    boost::system::error_code error;  // eof when the peer has closed
    std::size_t size = 0;
};

class Connection {
 public:
    // `key` names the peer: a kept connection serves requests of the same key.
    Connection(Socket socket, std::string key);

    // Makes it TLS. `host` is verified unless `verify` is false.
    Awaitable<Exchange<void>> handshake(boost::asio::ssl::context& context, const std::string& host, bool verify,
                                        IdleWatch& watch);

    // After the io of a silent peer expired() of the watch is true and the error operation_aborted.
    Awaitable<Io> read(std::span<char> to, IdleWatch& watch);
    Awaitable<Io> write(std::string_view bytes, IdleWatch& watch);

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

    [[nodiscard]] const std::string& key() const noexcept { return key_; }
    [[nodiscard]] bool secure() const noexcept { return tls_ != nullptr; }
    Socket& socket() noexcept { return tls_ ? tls_->next_layer() : *plain_; }

 private:
    using Tls = boost::asio::ssl::stream<Socket>;
    std::optional<Socket> plain_;
    std::unique_ptr<Tls> tls_;
    std::string key_;
};

}  // namespace assay::http

// The one way out of a builder's sandbox: a proxy that connects to the hosts of an allow-list and to no other.
//
// The builder's network namespace has a loopback interface alone. The proxy listens in there, on a socket that the
// launcher made inside, and connects from here, on the host's network, directly or through the host's own proxy. It
// resolves names itself: the builder has no resolver. It understands CONNECT (RFC 9110, 9.3.6) and GET or HEAD with
// an absolute URI (RFC 9112, 3.2.2), for registries without TLS. It does not look into what it carries.
//
// One thread of its own per proxy, which ends with stop() or the destructor.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "base/units.h"
#include "images/allow_list.h"

namespace assay::images {

inline constexpr std::uint16_t kProxyPort = 3128;

// The host's own proxy, as HTTPS_PROXY, HTTP_PROXY and NO_PROXY name it; nothing = direct.
struct Upstream {
    std::optional<Url> https;
    std::optional<Url> http;
    std::vector<std::string> direct;  // host names or domain suffixes ("internal.example", ".example"), "*" = all
    [[nodiscard]] const std::optional<Url>& of(bool tunnel, const std::string& host) const;
};

class Proxy {
 public:
    struct Options {
        AllowList allow;
        Upstream upstream;
        std::uint32_t connections = 64;  // at once; more wait
        Bytes bytes{8ull << 30};         // carried in total, both ways; then every connection is closed
        Millis connect_timeout{15'000};
        Millis idle_timeout{60'000};  // of a connection on which nothing moves
    };
    struct Event {
        std::string host;  // "host:port"
        std::string what;
        std::uint32_t count = 0;
    };
    struct Record {
        std::vector<Event> refused;   // not on the list, or not understood
        std::vector<Event> failures;  // on the list, but could not be reached
        std::vector<Event> broken;    // reached, but broke off or fell silent: a client can cause that, too
        std::uint64_t connections = 0;
        Bytes bytes;
        bool exhausted = false;  // `bytes` was reached
    };

    // `socket` is a TCP socket, not yet bound; it is bound to 127.0.0.1 and `port` (0 = any, see port()).
    static Result<Proxy> start(Fd socket, std::uint16_t port, Options options);
    Proxy(Proxy&&) noexcept;
    Proxy& operator=(Proxy&&) noexcept;
    ~Proxy();

    [[nodiscard]] std::uint16_t port() const noexcept;
    // Closes every connection and says what happened. Once.
    Record stop();

 private:
    struct State;
    explicit Proxy(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace assay::images

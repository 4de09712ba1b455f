// HTTP/1.1 as newman speaks it: one client a scenario run, one keep-alive connection, a cookie jar.
//
// A client belongs to one lane (one thread, one io_context) and is used by one coroutine at a time.
// Source of what is sent and accepted: newman 6.2.2 (postman-runtime 7.39.1, Node 20, llhttp 9), observed.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "harness/http/cookie_jar.h"
#include "harness/http/fields.h"

namespace assay::http {

// Everything of a run executes on its lane's io_context: the concrete executor spares a type-erased one.
using LaneExecutor = boost::asio::io_context::executor_type;
template <typename T>
using Awaitable = boost::asio::awaitable<T, LaneExecutor>;
using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, LaneExecutor>;

struct Header {
    std::string name;
    std::string value;
};

struct Request {
    std::string method;
    std::string url;              // absolute, variables resolved, not percent-encoded
    std::vector<Header> headers;  // of the suite, in order; the client adds newman's own after them
    std::string body;  // "" is none; newman then says Content-Length: 0 but for GET, HEAD, DELETE, OPTIONS and TRACE
    // Set for form bodies, with the boundary of a multipart one: sent where newman sends it. Other bodies have
    // their Content-Type among the headers, where newman puts it after those of the suite.
    std::string form_content_type;
    bool follow_redirects = true;
    std::uint32_t max_redirects = 10;
    bool keep_method = false;          // through redirects, and the body with it
    bool keep_authorization = false;   // on a redirect to another host
    bool no_referer = false;           // on redirects
    bool cookies = true;               // false: the jar neither gives nor learns any
    std::vector<std::string> without;  // newman's own headers that are not to be sent, in lower case
    bool verify_certificate = true;
    // What Hurl asks for. `verbatim`: the headers go out as they stand, repeated ones too, as UTF-8; of its own the
    // client adds the jar's cookies only. `undecoded`: the body stays as sent. `peer`: fill Response::peer.
    bool verbatim = false;
    bool undecoded = false;
    bool peer = false;
    Millis time_limit{0};  // of the whole exchange, beside Limits::idle; 0 = none
};

struct Peer {
    std::string address;      // "127.0.0.1"
    std::string certificate;  // PEM; empty without TLS
};

struct Response {
    std::uint32_t code = 0;
    std::uint8_t version = 11;  // 10 for HTTP/1.0
    std::string reason;         // as received; newman's phrase when absent; empty when it has none for the code either
    Fields headers;             // as received, in order; values are bytes, which newman reads as Latin-1
    std::string body;           // content-decoded
    std::string url;            // after redirects, percent-encoded
    std::uint32_t redirects = 0;
    Micros time{0};  // first byte sent to last byte received, of the last hop
    Peer peer;       // only when asked for
};

// A request that ended without a response. `message` is in Node's words ("connect ECONNREFUSED 10.0.2.1:8080",
// "ESOCKETTIMEDOUT", "Parse Error: ..."), `code` Node's error code.
struct Failure {
    enum class Kind {
        resolve,          // the name has no address
        connect,          // no connection
        timeout,          // silence
        reset,            // closed or reset before the answer's end
        parse,            // not HTTP as Node takes it
        decode,           // not what Content-Encoding said
        too_large,        // more than Limits::body
        redirects,        // more than Request::max_redirects
        invalid_url,      // never sent
        invalid_request,  // never sent: a method or header that Node refuses
        tls,              // no TLS, or a certificate that was not accepted
    };
    Kind kind;
    std::string code;  // may be empty, as in Node
    std::string message;
};

template <typename T>
using Exchange = tl::expected<T, Failure>;

// Where connections come from: a sandbox's net namespace, or this host's network.
class Connector {
 public:
    virtual ~Connector() = default;
    virtual Awaitable<Exchange<Socket>> connect(std::string_view host, std::uint16_t port) = 0;
    // A connection that can be had without waiting, which spares a coroutine and its deadline. Empty: connect()
    // decides.
    virtual std::optional<Socket> connect_at_once(std::string_view host, std::uint16_t port);
};

struct Limits {
    Millis idle{0};         // newman's --timeout-request: silence of this length ends it; 0 = none
    Bytes body{64u << 20};  // decoded body; more is Failure::Kind::too_large
};

class Client {
 public:
    Client(LaneExecutor executor, Connector& connector, const Limits& limits);
    ~Client();
    Client(Client&&) noexcept;

    // Sends, follows redirects, keeps cookies, decodes. Reuses the kept connection when host and port are the same.
    Awaitable<Exchange<Response>> send(const Request& request);

    // "name=value" pairs that a request to this URL would carry now.
    [[nodiscard]] std::vector<std::pair<std::string, std::string>> cookies(std::string_view url) const;
    [[nodiscard]] CookieJar& jar();
    // The jar, without a request: a Set-Cookie value as if it had come from `url`, and no cookie any more.
    void store_cookie(std::string_view set_cookie, std::string_view url);
    void clear_cookies();

 private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace assay::http

// The client: who owns the connection, when it is reused, and what ends a request.
//
// One coroutine at a time runs here, on the lane's thread. It suspends in four places only: connecting, the TLS
// handshake, a write that does not fit, a wait for bytes; IdleWatch cancels whichever is pending
// when the peer is silent for too long. The connection is kept after an answer that allows it, and looked at before
// it is used again: a peer that closed it meanwhile costs a new connection, not a failed request, as in Node.
//
// One rule is ours. Newman leaves milliseconds between two requests, we leave microseconds, so a close that newman
// would have seen in time can meet our next request on its way. When no one has read that request, it is sent once
// more on a new connection. The kernel knows: bytes that meet a closed socket are answered with a reset, and so is a
// close that leaves bytes unread. A server that reads the request and then closes has hung up, here as in newman; one
// that resets on purpose will do so again.
#include "harness/http/client.h"

#include <fmt/format.h>

#include <boost/asio/experimental/awaitable_operators.hpp>

#include "harness/http/connect_in_time.h"
#include "harness/http/connection.h"
#include "harness/http/content_decoding.h"
#include "harness/http/cookie_jar.h"
#include "harness/http/idle_watch.h"
#include "harness/http/node_errors.h"
#include "harness/http/redirects.h"
#include "harness/http/request_writer.h"
#include "harness/http/response_parser.h"
#include "harness/http/text.h"

namespace assay::http {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::size_t kReadSize = 64 * 1024;  // what Node reads at once: decides what "after the answer" sees
constexpr std::size_t kFirstReadSize = 4096;  // holds most answers; a thousand clients may be waiting at once
constexpr Millis kResetPatience{3};           // for the reset that follows a close which met our request
constexpr std::uint64_t kReserve = 1 << 20;   // trust no Content-Length further than this

WallTime wall_now() {
    return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

// "Keep-Alive: timeout=1" leaves no time that Node would dare to use.
bool promises_under_two_seconds(const Fields& fields) {
    const auto hint = fields.joined("keep-alive");
    if (!hint || !hint->starts_with("timeout=")) return false;
    std::uint64_t seconds = 0;
    std::size_t digits = 0;
    for (char c : std::string_view(*hint).substr(8)) {
        if (c < '0' || c > '9' || digits > 9) break;
        seconds = seconds * 10 + static_cast<unsigned>(c - '0');
        ++digits;
    }
    return digits > 0 && seconds < 2;
}

}  // namespace

struct Client::State {
    State(LaneExecutor lane, Connector& source, const Limits& bounds)
        : executor(std::move(lane)),
          connector(source),
          limits(bounds),
          watch(executor, bounds.idle),
          in(kFirstReadSize) {}

    enum class Step { more, complete, failed };

    Awaitable<Exchange<Response>> send(const Request& request);
    // One request and its answer, on the kept or a new connection. The body comes as sent; the parser has the rest.
    Awaitable<Exchange<void>> exchange(const Url& url, bool verify);
    Awaitable<Exchange<void>> attempt(std::string_view bytes, bool reused);
    Awaitable<Exchange<void>> open(const Url& url, bool verify);
    Awaitable<std::optional<Exchange<void>>> transmit(std::string_view bytes, Io io);
    std::string_view read_on(std::size_t got);
    Awaitable<bool> was_unread(error_code error);
    Step feed(std::string_view input);
    Exchange<void> ended(error_code error);
    Step judge_rest(std::string_view input);
    Step fail(Failure what);
    Exchange<void> settle(Step step);
    void drop() {
        watch.stop();
        connection.reset();
    }
    [[nodiscard]] Coding coding() const;
    void learn_cookies(const Url& url);

    LaneExecutor executor;
    Connector& connector;
    Limits limits;
    IdleWatch watch;
    CookieJar jar;
    RequestWriter writer;
    ResponseParser parser;
    std::vector<char> in;
    std::optional<Connection> connection;
    std::unique_ptr<asio::ssl::context> tls;

    // Of the exchange that is under way.
    Peer peer;
    bool wants_peer = false;
    std::string body;
    Failure failure{};
    error_code late;        // met after bytes that were still to be fed
    bool answered = false;  // status line and fields are there
    bool received = false;  // any byte at all
    bool unread = false;    // it failed, and no one has read the request
    bool reusable = false;  // the connection may serve another request
    bool follow = false;    // redirects
    Instant began{};
    Micros took{0};
};

Coding Client::State::coding() const {
    const std::uint32_t code = parser.code();
    if (writer.to_head() || code / 100 == 1 || code == 204 || code == 304) return Coding::identity;
    return content_coding(parser.fields());
}

void Client::State::learn_cookies(const Url& url) {
    for (Field field : parser.fields())
        if (equal_ignoring_case(field.name, "set-cookie")) jar.store(field.value, url, wall_now());
}

Awaitable<Exchange<Response>> Client::State::send(const Request& request) {
    if (request.url.empty())
        co_return tl::unexpected(invalid_url("", "runtime:extensions~request: request url is empty"));
    Url url = parse_url(request.url);
    if (url.host.empty() && url.authority.empty()) co_return tl::unexpected(*refused_url(url));
    const auto cookies_for = [&](const Url& page) {
        return jar.empty() || !request.cookies ? std::string() : jar.header(page, wall_now());
    };
    const std::string cookies = cookies_for(url);
    if (auto refused = writer.begin(request, url, cookies)) co_return tl::unexpected(std::move(*refused));

    Exchange<Response> answer(tl::in_place);
    Response& response = *answer;
    for (;; ++response.redirects) {
        if (auto refused = refused_url(url)) {
            if (response.redirects > 0 && refused->message.starts_with("Invalid URI"))
                refused->message += ". This can be caused by a crappy redirection.";
            co_return tl::unexpected(std::move(*refused));
        }
        follow = request.follow_redirects;
        wants_peer = request.peer;
        watch.limit(request.time_limit);
        if (auto done = co_await exchange(url, request.verify_certificate); !done) {
            drop();
            co_return tl::unexpected(std::move(done).error());
        }
        if (request.cookies) learn_cookies(url);
        const auto location =
            request.follow_redirects ? redirect_location(parser.code(), parser.fields()) : std::optional<std::string>();
        if (!location) break;
        if (response.redirects >= request.max_redirects)
            co_return tl::unexpected(
                Failure{Failure::Kind::redirects, "",
                        fmt::format("Exceeded maxRedirects. Probably stuck in a redirect loop {}", url.href())});
        const bool absolute = location->starts_with("http:") || location->starts_with("https:");
        Url next = parse_url(absolute ? *location : resolve_url(url, *location));
        writer.redirect(parser.code(), url, next, cookies_for(next));
        url = std::move(next);
    }

    response.code = parser.code();
    response.version = parser.version();
    response.peer = std::move(peer);
    response.reason =
        parser.reason().empty() ? std::string(reason_phrase(parser.code())) : repair_utf8(parser.reason());
    response.headers = parser.fields();
    response.url = url.href();
    response.time = took;
    const Coding how = request.undecoded ? Coding::identity : coding();
    if (how == Coding::identity) {
        response.body = std::move(body);
        co_return std::move(answer);
    }
    auto decoded = decode_content(how, body, limits.body);
    if (decoded) {
        response.body = std::move(*decoded);
        co_return std::move(answer);
    }
    if (decoded.error().too_large) co_return tl::unexpected(too_large());
    co_return tl::unexpected(
        Failure{Failure::Kind::decode, std::move(decoded.error().code), std::move(decoded.error().message)});
}

Awaitable<Exchange<void>> Client::State::exchange(const Url& url, bool verify) {
    const std::string_view bytes = writer.write(url);
    if (connection &&
        (!connection->serves(url.host, *url.port_number(), url.secure(), verify) || !connection->still_usable()))
        drop();
    if (connection) {
        auto done = co_await attempt(bytes, true);
        if (done || !unread) co_return done;
        drop();
    }
    if (auto opened = co_await open(url, verify); !opened) co_return opened;
    co_return co_await attempt(bytes, false);
}

Awaitable<Exchange<void>> Client::State::open(const Url& url, bool verify) {
    auto socket = co_await connect_in_time(executor, connector, url, watch);
    if (!socket) co_return tl::unexpected(std::move(socket).error());
    connection.emplace(std::move(*socket), Connection::Key{url.host, *url.port_number(), url.secure(), verify});
    if (!url.secure()) co_return Exchange<void>{};
    in.resize(kReadSize);
    if (!tls) {
        tls = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_client);
        error_code ignored;
        tls->set_default_verify_paths(ignored);
    }
    co_return co_await connection->handshake(*tls, url.host, verify, watch);
}

Awaitable<Exchange<void>> Client::State::attempt(std::string_view bytes, bool reused) {
    body.clear();
    late.clear();
    answered = received = unread = reusable = false;
    parser.begin(writer.to_head());
    watch.watch(connection->socket());
    if (wants_peer) peer = connection->peer();
    began = Clock::now();
    // Nearly every request goes out at once, and that takes no coroutine.
    if (const Io sent = connection->try_write(bytes); sent.error || sent.size < bytes.size()) {
        if (auto early = co_await transmit(bytes, sent)) {
            unread = unread && reused;
            co_return std::move(*early);
        }
    }
    for (;;) {
        const Io io = late ? Io{late, 0} : connection->took_some(co_await connection->read_some(in), watch);
        if (io.error) {
            unread = reused && !received && co_await was_unread(io.error);
            co_return ended(io.error);
        }
        const Step step = feed(read_on(io.size));
        if (step != Step::more) co_return settle(step);
    }
}

// What has been read. Bytes that fill a small buffer are followed by what else Node would have read with them.
std::string_view Client::State::read_on(std::size_t got) {
    if (got == in.size() && got < kReadSize) {
        in.resize(kReadSize);
        const Io more = connection->try_read(std::span(in).subspan(got));
        got += more.size;
        if (more.error && more.error != asio::error::would_block) late = more.error;
    }
    return {in.data(), got};
}

Awaitable<bool> Client::State::was_unread(error_code error) {
    if (error != asio::error::eof) co_return error == asio::error::connection_reset;
    if (connection->peer_was_gone()) co_return true;
    asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, LaneExecutor> timer(executor, kResetPatience);
    co_await timer.async_wait(asio::use_awaitable_t<LaneExecutor>{});
    co_return connection->peer_was_gone();
}

// Sends what the first try, `io`, has left of the request. Empty when the answer is still to come; else it came, or the
// request failed, before the end.
Awaitable<std::optional<Exchange<void>>> Client::State::transmit(std::string_view bytes, Io io) {
    using namespace asio::experimental::awaitable_operators;
    for (;;) {
        bytes.remove_prefix(io.size);
        if (io.error && io.error != asio::error::would_block) {
            if (watch.expired()) co_return Exchange<void>(tl::unexpected(idle_timeout()));
            unread = io.size == 0;
            co_return Exchange<void>(tl::unexpected(write_failure(io.error.value())));
        }
        if (bytes.empty()) co_return std::nullopt;
        if (connection->secure()) {
            io = co_await connection->write(bytes, watch);
            continue;
        }
        if (io.error) {
            // A server may answer, and close, before it has read a large body.
            auto ready = co_await (connection->wait_readable() || connection->wait_writable());
            if (watch.expired()) co_return Exchange<void>(tl::unexpected(idle_timeout()));
            watch.touch();
            if (ready.index() == 0) {
                const Io got = connection->try_read(in);
                if (got.error && got.error != asio::error::would_block) co_return ended(got.error);
                const Step step = got.error ? Step::more : feed(read_on(got.size));
                if (late && step == Step::more) co_return ended(late);
                if (step != Step::more) {
                    reusable = false;
                    co_return settle(step);
                }
            }
        }
        io = connection->try_write(bytes);
    }
}

// What the parser makes of bytes that arrived together.
Client::State::Step Client::State::feed(std::string_view input) {
    using Event = ResponseParser::Event;
    received = received || !input.empty();
    std::string_view piece;
    for (;;) {
        switch (parser.next(input, piece)) {
            case Event::need_more: {
                // newman does not wait for the body of a redirect; without its end the connection is lost.
                const bool leave = answered && follow && redirect_location(parser.code(), parser.fields());
                if (leave) reusable = false;
                return leave ? Step::complete : Step::more;
            }
            case Event::headers:
                answered = true;
                if (parser.upgraded()) {
                    // newman waits for ever here: no one has asked for another protocol.
                    return fail(parse_failure("HPE_PAUSED_UPGRADE", "Pause on CONNECT/Upgrade"));
                }
                reusable =
                    parser.keep_alive() && !writer.asks_to_close() && !promises_under_two_seconds(parser.fields());
                body.reserve(static_cast<std::size_t>(std::min(parser.announced_length(), kReserve)));
                break;
            case Event::body:
                if (limits.body.count != 0 && body.size() + piece.size() > limits.body.count) return fail(too_large());
                body.append(piece);
                break;
            case Event::complete: return input.empty() ? Step::complete : judge_rest(input);
            case Event::error: return fail(parse_failure(parser.error().code, parser.error().reason));
        }
    }
}

// Bytes that came together with the answer's end: Node judges them too, and lets what is no HTTP fail the request.
Client::State::Step Client::State::judge_rest(std::string_view input) {
    using Event = ResponseParser::Event;
    ResponseParser beyond = parser;  // which keeps the answer as it is
    std::string_view piece;
    for (;;) {
        switch (beyond.next(input, piece)) {
            case Event::need_more: return Step::complete;
            case Event::headers: reusable = false; break;  // a second answer: Node closes
            case Event::error: return fail(parse_failure(beyond.error().code, beyond.error().reason));
            default: break;
        }
    }
}

Client::State::Step Client::State::fail(Failure what) {
    failure = std::move(what);
    return Step::failed;
}

// The connection ended: with the answer, within it, or before it.
Exchange<void> Client::State::ended(error_code error) {
    if (watch.expired()) return tl::unexpected(idle_timeout());
    reusable = false;
    if (parser.finish() == ResponseParser::Event::complete) return settle(Step::complete);
    const bool closed = error == asio::error::eof;
    if (!answered) return tl::unexpected(closed ? hang_up() : read_failure(error.value()));
    if (coding() == Coding::identity) return tl::unexpected(aborted());
    // Of an encoded body newman decodes what came; a reset it still reports.
    return closed ? settle(Step::complete) : Exchange<void>(tl::unexpected(read_failure(error.value())));
}

Exchange<void> Client::State::settle(Step step) {
    took = std::chrono::duration_cast<Micros>(Clock::now() - began);
    watch.stop();
    if (step == Step::failed) return tl::unexpected(std::move(failure));
    if (!reusable) drop();
    return {};
}

Client::Client(LaneExecutor executor, Connector& connector, const Limits& limits)
    : state_(std::make_unique<State>(std::move(executor), connector, limits)) {}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;

Awaitable<Exchange<Response>> Client::send(const Request& request) { return state_->send(request); }

CookieJar& Client::jar() { return state_->jar; }

std::vector<std::pair<std::string, std::string>> Client::cookies(std::string_view url) const {
    return state_->jar.matching(parse_url(url), wall_now());
}

void Client::store_cookie(std::string_view set_cookie, std::string_view url) {
    state_->jar.store(set_cookie, parse_url(url), wall_now());
}

void Client::clear_cookies() { state_->jar.clear(); }

}  // namespace assay::http

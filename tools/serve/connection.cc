#include "tools/serve/connection.h"

#include <sys/socket.h>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <cerrno>
#include <optional>

#include "tools/serve/token.h"

namespace assay::serve {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using runtime::Task;

namespace {

using Stream = beast::basic_stream<asio::generic::stream_protocol>;
using Parser = http::request_parser<http::string_body>;

class Connection : public Exchange {
 public:
    Connection(Stream::socket_type socket, const std::string& token, const Bounds& bounds, Api& api)
        : stream_(std::move(socket)), token_(token), bounds_(bounds), api_(api) {}

    Task<void> run() {
        while (co_await serve_one()) {
        }
        error_code ignored;
        stream_.socket().shutdown(asio::socket_base::shutdown_both, ignored);
    }

    Task<bool> answer(Answer answer) override;
    Task<bool> begin(std::string type) override;
    Task<bool> send(std::string piece) override;
    Task<bool> end() override;
    bool gone() override {
        char byte = 0;
        const ssize_t got = ::recv(stream_.socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
        return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
    }

 private:
    Task<bool> serve_one();
    Task<bool> read_body(Parser& parser);
    Task<bool> refuse_and_close(Refusal refusal);
    OrRefusal<Route> admitted(const Parser::value_type& request) const;
    template <typename Body>
    void set_head(http::response<Body>& response, const std::string& type) const;

    Stream stream_;
    beast::flat_buffer buffer_;
    const std::string& token_;
    const Bounds& bounds_;
    Api& api_;
    unsigned version_ = 11;
    bool keep_ = false;
    bool chunked_ = false;
};

Refusal refusal_of(const error_code& error) {
    if (error == http::error::header_limit) return {431, "the header is too large", "16 KiB are the limit", {}};
    if (error == http::error::body_limit) return {413, "the body is too large", "64 MiB are the limit", {}};
    if (error == beast::error::timeout) return {408, "the request did not come in time", "send it again, faster", {}};
    return {400, "this is no HTTP/1.1 request: " + error.message(), "look at docs/serve.md", {}};
}

bool hung_up(const error_code& error) {
    return error == http::error::end_of_stream || error == asio::error::eof || error == asio::error::connection_reset ||
           error == asio::error::broken_pipe || error == asio::error::operation_aborted;
}

// Who is not let in learns nothing of what there is, and sends no body.
OrRefusal<Route> Connection::admitted(const Parser::value_type& request) const {
    const std::string_view method(request.method_string().data(), request.method_string().size());
    const std::string_view target(request.target().data(), request.target().size());
    if (!token_.empty()) {
        const auto shown = request[http::field::authorization];
        if (!shows_token({shown.data(), shown.size()}, token_))
            return refuse(401, "no valid bearer token", "send \"Authorization: Bearer TOKEN\" with the server's token");
    }
    return route_of(method, target);
}

Task<bool> Connection::serve_one() {
    Parser parser;
    parser.header_limit(bounds_.head);
    parser.body_limit(bounds_.body.count);
    error_code error;
    stream_.expires_after(bounds_.idle);
    co_await http::async_read_header(stream_, buffer_, parser, asio::redirect_error(runtime::use_task, error));
    if (error) {
        const bool begun = parser.got_some();
        if (hung_up(error) || (error == beast::error::timeout && !begun)) co_return false;
        Refusal refusal = refusal_of(error);
        co_return co_await refuse_and_close(std::move(refusal));
    }
    version_ = parser.get().version();
    keep_ = parser.get().keep_alive();
    auto route = admitted(parser.get());
    if (!route) {
        // An unread body would be taken for the next request.
        if (!parser.is_done()) co_return co_await refuse_and_close(std::move(route.error()));
        Answer refused = answer_of(route.error());
        co_return co_await answer(std::move(refused));
    }
    if (!parser.is_done()) {
        if (route->action != Action::submit) {
            Refusal refusal{400, "this request takes no body", "send it without", {}};
            co_return co_await refuse_and_close(std::move(refusal));
        }
        if (!co_await read_body(parser)) co_return false;
    }
    const auto field = parser.get()[http::field::content_type];
    std::string type(field.data(), field.size());
    stream_.expires_never();
    co_return co_await api_.serve(std::move(*route), std::move(parser.get().body()), std::move(type), *this) && keep_;
}

Task<bool> Connection::read_body(Parser& parser) {
    error_code error;
    if (beast::iequals(parser.get()[http::field::expect], "100-continue")) {
        http::response<http::empty_body> go_on(http::status::continue_, version_);
        stream_.expires_after(bounds_.write);
        co_await http::async_write(stream_, go_on, asio::redirect_error(runtime::use_task, error));
        if (error) co_return false;
    }
    stream_.expires_after(bounds_.read);
    co_await http::async_read(stream_, buffer_, parser, asio::redirect_error(runtime::use_task, error));
    if (!error) co_return true;
    if (hung_up(error)) co_return false;
    Refusal refusal = refusal_of(error);
    co_return co_await refuse_and_close(std::move(refusal));
}

Task<bool> Connection::refuse_and_close(Refusal refusal) {
    keep_ = false;
    Answer answer = answer_of(refusal);
    co_await this->answer(std::move(answer));
    // What is still on its way would make the kernel reset the connection, and take the answer with it.
    error_code error;
    stream_.socket().shutdown(asio::socket_base::shutdown_send, error);
    constexpr std::size_t kMost = 1 << 20;
    constexpr Millis kPatience{1000};
    std::array<char, 16384> rest;
    stream_.expires_after(kPatience);
    for (std::size_t all = 0; !error && all < kMost;)
        all += co_await stream_.async_read_some(asio::buffer(rest), asio::redirect_error(runtime::use_task, error));
    co_return false;
}

template <typename Body>
void Connection::set_head(http::response<Body>& response, const std::string& type) const {
    response.set(http::field::server, "assay");
    response.set(http::field::content_type, type);
    response.set(http::field::cache_control, "no-store");
    response.keep_alive(keep_);
}

Task<bool> Connection::answer(Answer answer) {
    api_.metrics().count_answer(answer.status);
    http::response<http::string_body> response(static_cast<http::status>(answer.status), version_);
    set_head(response, answer.type);
    for (const auto& [name, value] : answer.fields) response.set(name, value);
    response.body() = std::move(answer.body);
    response.prepare_payload();
    error_code error;
    stream_.expires_after(bounds_.write);
    co_await http::async_write(stream_, response, asio::redirect_error(runtime::use_task, error));
    co_return !error && keep_;
}

Task<bool> Connection::begin(std::string type) {
    api_.metrics().count_answer(200);
    http::response<http::empty_body> response(http::status::ok, version_);
    chunked_ = version_ >= 11;
    if (!chunked_) keep_ = false;  // the end of the connection is the end of the answer
    set_head(response, type);
    if (chunked_) response.chunked(true);
    http::response_serializer<http::empty_body> serializer(response);
    error_code error;
    stream_.expires_after(bounds_.write);
    co_await http::async_write_header(stream_, serializer, asio::redirect_error(runtime::use_task, error));
    stream_.expires_never();
    co_return !error;
}

Task<bool> Connection::send(std::string piece) {
    error_code error;
    if (piece.empty()) co_return true;  // an empty chunk is the last one
    stream_.expires_after(bounds_.write);
    if (chunked_) {
        const auto chunk = http::make_chunk(asio::buffer(piece));
        co_await asio::async_write(stream_, chunk, asio::redirect_error(runtime::use_task, error));
    } else {
        co_await asio::async_write(stream_, asio::buffer(piece), asio::redirect_error(runtime::use_task, error));
    }
    stream_.expires_never();
    co_return !error;
}

Task<bool> Connection::end() {
    if (!chunked_) co_return false;
    error_code error;
    stream_.expires_after(bounds_.write);
    const auto last = http::make_chunk_last();
    co_await asio::async_write(stream_, last, asio::redirect_error(runtime::use_task, error));
    co_return !error && keep_;
}

}  // namespace

Task<void> serve_connection(asio::io_context& reactor, Fd socket, bool network, const std::string& token,
                            const Bounds& bounds, Api& api) {
    static const std::string kNoToken;
    int domain = AF_UNIX;
    socklen_t size = sizeof domain;
    (void)::getsockopt(socket.get(), SOL_SOCKET, SO_DOMAIN, &domain, &size);
    Stream::socket_type accepted(reactor);
    error_code error;
    accepted.assign(asio::generic::stream_protocol(domain, 0), socket.get(), error);
    if (error) co_return;
    (void)socket.release();
    Connection connection(std::move(accepted), network ? token : kNoToken, bounds, api);
    co_await connection.run();
}

}  // namespace assay::serve

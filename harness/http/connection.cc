#include "harness/http/connection.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <array>

#include "harness/http/node_errors.h"

namespace assay::http {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr auto use_tuple = asio::as_tuple(asio::use_awaitable_t<LaneExecutor>{});

// Node's names of OpenSSL's verification results; the messages are OpenSSL's own.
std::string_view verify_code_name(long result) {
    switch (result) {
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT: return "UNABLE_TO_GET_ISSUER_CERT";
        case X509_V_ERR_CERT_SIGNATURE_FAILURE: return "CERT_SIGNATURE_FAILURE";
        case X509_V_ERR_CERT_NOT_YET_VALID: return "CERT_NOT_YET_VALID";
        case X509_V_ERR_CERT_HAS_EXPIRED: return "CERT_HAS_EXPIRED";
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: return "DEPTH_ZERO_SELF_SIGNED_CERT";
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN: return "SELF_SIGNED_CERT_IN_CHAIN";
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY: return "UNABLE_TO_GET_ISSUER_CERT_LOCALLY";
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE: return "UNABLE_TO_VERIFY_LEAF_SIGNATURE";
        case X509_V_ERR_CERT_CHAIN_TOO_LONG: return "CERT_CHAIN_TOO_LONG";
        case X509_V_ERR_CERT_REVOKED: return "CERT_REVOKED";
        case X509_V_ERR_INVALID_CA: return "INVALID_CA";
        case X509_V_ERR_PATH_LENGTH_EXCEEDED: return "PATH_LENGTH_EXCEEDED";
        case X509_V_ERR_INVALID_PURPOSE: return "INVALID_PURPOSE";
        case X509_V_ERR_CERT_UNTRUSTED: return "CERT_UNTRUSTED";
        case X509_V_ERR_CERT_REJECTED: return "CERT_REJECTED";
        default: return "UNSPECIFIED";
    }
}

bool is_address(const std::string& host) {
    error_code error;
    (void)asio::ip::make_address(host, error);
    return !error;
}

// "DNS:example.com, IP Address:127.0.0.1", as Node lists a certificate's names.
std::string alternative_names(X509* certificate) {
    std::string text;
    auto* names = static_cast<GENERAL_NAMES*>(::X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names); ++i) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
        if (!text.empty()) text += ", ";
        if (name->type == GEN_DNS) {
            text += "DNS:";
            text.append(reinterpret_cast<const char*>(::ASN1_STRING_get0_data(name->d.dNSName)),
                        static_cast<std::size_t>(::ASN1_STRING_length(name->d.dNSName)));
        } else if (name->type == GEN_IPADD && ::ASN1_STRING_length(name->d.iPAddress) == 4) {
            const unsigned char* ip = ::ASN1_STRING_get0_data(name->d.iPAddress);
            text += fmt::format("IP Address:{}.{}.{}.{}", ip[0], ip[1], ip[2], ip[3]);
        } else {
            text += "other";
        }
    }
    ::GENERAL_NAMES_free(names);
    return text;
}

// What the certificate says of the host, once its chain is verified: Node's checkServerIdentity.
std::optional<Failure> check_identity(SSL* ssl, const std::string& host) {
    const std::unique_ptr<X509, void (*)(X509*)> certificate(::SSL_get1_peer_certificate(ssl), ::X509_free);
    const bool address = is_address(host);
    const bool fits =
        certificate && (address ? ::X509_check_ip_asc(certificate.get(), host.c_str(), 0)
                                : ::X509_check_host(certificate.get(), host.data(), host.size(), 0, nullptr)) == 1;
    if (fits) return std::nullopt;
    const std::string names = certificate ? alternative_names(certificate.get()) : "";
    std::string reason = address ? fmt::format("IP: {} is not in the cert's list: {}", host, names)
                                 : fmt::format("Host: {}. is not in the cert's altnames: {}", host, names);
    return Failure{Failure::Kind::tls, "ERR_TLS_CERT_ALTNAME_INVALID",
                   "Hostname/IP does not match certificate's altnames: " + reason};
}

}  // namespace

Connection::Connection(Socket socket, Key key) : plain_(std::move(socket)), key_(std::move(key)) {
    error_code ignored;
    plain_->non_blocking(true, ignored);
    plain_->set_option(asio::ip::tcp::no_delay(true), ignored);
}

Awaitable<Exchange<void>> Connection::handshake(asio::ssl::context& context, const std::string& host, bool verify,
                                                IdleWatch& watch) {
    tls_ = std::make_unique<Tls>(std::move(*plain_), context);
    plain_.reset();
    SSL* const ssl = tls_->native_handle();
    if (!is_address(host)) ::SSL_set_tlsext_host_name(ssl, host.c_str());
    ::SSL_set_verify(ssl, verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
    watch.watch(socket());
    auto [error] = co_await tls_->async_handshake(Tls::client, use_tuple);
    if (!error) {
        auto stranger = verify ? check_identity(ssl, host) : std::nullopt;
        if (stranger) co_return tl::unexpected(std::move(*stranger));
        co_return Exchange<void>{};
    }
    if (watch.expired()) co_return tl::unexpected(idle_timeout());
    if (const long result = ::SSL_get_verify_result(ssl); verify && result != X509_V_OK)
        co_return tl::unexpected(Failure{Failure::Kind::tls, std::string(verify_code_name(result)),
                                         ::X509_verify_cert_error_string(result)});
    if (error == asio::error::eof || error == asio::ssl::error::stream_truncated) {
        Failure failure{Failure::Kind::tls, "ECONNRESET",
                        "Client network socket disconnected before secure TLS connection was established"};
        co_return tl::unexpected(std::move(failure));
    }
    if (error.category() == boost::system::system_category()) co_return tl::unexpected(read_failure(error.value()));
    const char* reason = ::ERR_reason_error_string(static_cast<unsigned long>(error.value()));
    co_return tl::unexpected(
        Failure{Failure::Kind::tls, "EPROTO",
                fmt::format("write EPROTO {:08X}:SSL routines::{}", static_cast<unsigned long>(error.value()),
                            reason ? reason : "unknown")});
}

Io Connection::try_read(std::span<char> to) {
    if (tls_) return {asio::error::would_block, 0};
    Io io;
    io.size = plain_->read_some(asio::buffer(to.data(), to.size()), io.error);
    return io;
}

Io Connection::try_write(std::string_view bytes) {
    if (tls_) return {asio::error::would_block, 0};
    Io io;
    io.size = plain_->write_some(asio::buffer(bytes.data(), bytes.size()), io.error);
    return io;
}

Awaitable<error_code> Connection::wait_readable() {
    auto [error] = co_await socket().async_wait(Socket::wait_read, use_tuple);
    co_return error;
}

Awaitable<error_code> Connection::wait_writable() {
    auto [error] = co_await socket().async_wait(Socket::wait_write, use_tuple);
    co_return error;
}

// Asio tries to read before it waits, and registers a socket once: no other way to wait costs fewer system calls.
Awaitable<Connection::Some> Connection::read_some(std::span<char> to) {
    const auto buffer = asio::buffer(to.data(), to.size());
    return tls_ ? tls_->async_read_some(buffer, use_tuple) : plain_->async_read_some(buffer, use_tuple);
}

Io Connection::took_some(const Some& some, IdleWatch& watch) const {
    const auto& [error, size] = some;
    if (!error) watch.touch();
    // A peer that closes without TLS's own goodbye has closed; Node sees no difference.
    const bool closed = error == asio::ssl::error::stream_truncated;
    return {closed ? error_code(asio::error::eof) : error, size};
}

Awaitable<Io> Connection::write(std::string_view bytes, IdleWatch& watch) {
    Io done;
    while (done.size < bytes.size()) {
        const std::string_view rest = bytes.substr(done.size);
        auto [error, size] = co_await tls_->async_write_some(asio::buffer(rest.data(), rest.size()), use_tuple);
        done.size += size;
        done.error = error;
        if (error) break;
        watch.touch();
    }
    co_return done;
}

bool Connection::still_usable() {
    std::array<char, 4096> dropped;
    for (;;) {
        const ssize_t got =
            ::recv(socket().native_handle(), dropped.data(), dropped.size(), MSG_DONTWAIT | (tls_ ? MSG_PEEK : 0));
        if (got < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
        if (got == 0 || tls_) return false;
    }
}

bool Connection::peer_was_gone() {
    int error = 0;
    socklen_t size = sizeof error;
    // A reset that meets a connection whose peer has already closed leaves EPIPE behind, else ECONNRESET.
    return ::getsockopt(socket().native_handle(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == EPIPE;
}

Peer Connection::peer() {
    Peer peer;
    error_code error;
    const auto endpoint = socket().remote_endpoint(error);
    if (!error) peer.address = endpoint.address().to_string();
    if (!tls_) return peer;
    const std::unique_ptr<X509, void (*)(X509*)> certificate(::SSL_get1_peer_certificate(tls_->native_handle()),
                                                             ::X509_free);
    const std::unique_ptr<BIO, int (*)(BIO*)> memory(::BIO_new(::BIO_s_mem()), ::BIO_free);
    if (!certificate || !memory || ::PEM_write_bio_X509(memory.get(), certificate.get()) != 1) return peer;
    char* text = nullptr;
    const long size = ::BIO_get_mem_data(memory.get(), &text);
    peer.certificate.assign(text, static_cast<std::size_t>(size));
    return peer;
}

}  // namespace assay::http

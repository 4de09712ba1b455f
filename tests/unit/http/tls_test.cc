// HTTPS against a server with a certificate made for the test; the client trusts it through SSL_CERT_FILE.
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "tests/unit/http/lane.h"

using namespace assay;
using namespace assay::http;
using namespace assay::http::testing;

namespace {

template <auto* Free>
struct With {
    template <typename T>
    void operator()(T* it) const {
        Free(it);
    }
};
using Key = std::unique_ptr<EVP_PKEY, With<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, With<X509_free>>;

// Self-signed, for these names ("DNS:a,IP:127.0.0.1"), valid from an hour ago to `hours` from now.
std::pair<Key, Certificate> make_certificate(const std::string& names, int hours = 1) {
    Key key(EVP_RSA_gen(2048));
    Certificate certificate(X509_new());
    X509_set_version(certificate.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -7200);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600L * hours);
    X509_set_pubkey(certificate.get(), key.get());
    X509_NAME* name = X509_get_subject_name(certificate.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("assay test"), -1, -1,
                               0);
    X509_set_issuer_name(certificate.get(), name);
    X509_EXTENSION* alternatives = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str());
    X509_add_ext(certificate.get(), alternatives, -1);
    X509_EXTENSION_free(alternatives);
    X509_sign(certificate.get(), key.get(), EVP_sha256());
    return {std::move(key), std::move(certificate)};
}

// Answers every request on every connection with "ok".
class TlsServer {
 public:
    explicit TlsServer(const std::pair<Key, Certificate>& identity) : context_(SSL_CTX_new(TLS_server_method())) {
        ::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without asking not to be told that way
        SSL_CTX_use_certificate(context_.get(), identity.second.get());
        SSL_CTX_use_PrivateKey(context_.get(), identity.first.get());
        listener_ = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        ::bind(listener_.get(), reinterpret_cast<sockaddr*>(&at), sizeof at);
        ::listen(listener_.get(), 16);
        socklen_t size = sizeof at;
        ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&at), &size);
        port_ = ntohs(at.sin_port);
        thread_ = std::thread([this] { serve(); });
    }
    ~TlsServer() {
        over_ = true;
        thread_.join();
    }
    [[nodiscard]] std::string url(const std::string& host) const {
        return "https://" + host + ":" + std::to_string(port_) + "/x";
    }
    [[nodiscard]] int connections() const { return accepted_; }

 private:
    void serve() {
        while (!over_) {
            pollfd wanted{listener_.get(), POLLIN, 0};
            if (::poll(&wanted, 1, 5) <= 0) continue;
            const Fd peer(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
            timeval patience{5, 0};
            ::setsockopt(peer.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
            ++accepted_;
            const std::unique_ptr<SSL, With<SSL_free>> ssl(SSL_new(context_.get()));
            SSL_set_fd(ssl.get(), peer.get());
            if (SSL_accept(ssl.get()) != 1) continue;
            char bytes[4096];
            while (SSL_read(ssl.get(), bytes, sizeof bytes) > 0) {
                const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
                SSL_write(ssl.get(), answer.data(), static_cast<int>(answer.size()));
            }
        }
    }
    std::unique_ptr<SSL_CTX, With<SSL_CTX_free>> context_;
    Fd listener_;
    std::uint16_t port_ = 0;
    std::atomic<bool> over_ = false;
    std::atomic<int> accepted_ = 0;
    std::thread thread_;
};

// While it lives, clients that are made trust this certificate.
struct Trusted {
    explicit Trusted(X509* certificate) {
        char name[] = "/tmp/assay-tls-test-XXXXXX";
        const int raw = ::mkstemp(name);
        path = name;
        FILE* file = ::fdopen(raw, "w");
        PEM_write_X509(file, certificate);
        std::fclose(file);
        ::setenv("SSL_CERT_FILE", name, 1);
    }
    ~Trusted() {
        ::unsetenv("SSL_CERT_FILE");
        std::remove(path.c_str());
    }
    std::string path;
};

const Limits kLimits{Millis(20000), 1_MiB};

}  // namespace

TEST(Tls, AcceptsAVerifiedServerAndKeepsTheConnection) {
    const auto identity = make_certificate("DNS:localhost,IP:127.0.0.1");
    TlsServer server(identity);
    const Trusted trusted(identity.second.get());
    {
        Lane lane(kLimits);  // the server serves one connection after the other
        EXPECT_EQ(lane.get(server.url("127.0.0.1")), "200 OK: ok");
        EXPECT_EQ(lane.get(server.url("127.0.0.1")), "200 OK: ok");
        EXPECT_EQ(server.connections(), 1);
    }
    EXPECT_EQ(Lane(kLimits).get(server.url("localhost")), "200 OK: ok");
}

TEST(Tls, RefusesWhatItCannotVerifyInNodesWords) {
    TlsServer server(make_certificate("DNS:localhost,IP:127.0.0.1"));
    Lane lane(kLimits);
    EXPECT_EQ(lane.get(server.url("127.0.0.1")), "self-signed certificate [DEPTH_ZERO_SELF_SIGNED_CERT]");
    Request request;
    request.method = "GET";
    request.url = server.url("127.0.0.1");
    request.verify_certificate = false;
    EXPECT_EQ(lane.send(request), "200 OK: ok");
}

TEST(Tls, RefusesTheCertificateOfAnotherHost) {
    const auto identity = make_certificate("DNS:example.com,IP:10.0.0.1");
    TlsServer server(identity);
    const Trusted trusted(identity.second.get());
    Lane lane(kLimits);
    EXPECT_EQ(lane.get(server.url("localhost")),
              "Hostname/IP does not match certificate's altnames: Host: localhost. is not in the cert's altnames: "
              "DNS:example.com, IP Address:10.0.0.1 [ERR_TLS_CERT_ALTNAME_INVALID]");
}

TEST(Tls, RefusesAnExpiredCertificate) {
    const auto identity = make_certificate("IP:127.0.0.1", -1);
    TlsServer server(identity);
    const Trusted trusted(identity.second.get());
    EXPECT_EQ(Lane(kLimits).get(server.url("127.0.0.1")), "certificate has expired [CERT_HAS_EXPIRED]");
}

TEST(Tls, APlainServerSpeaksNoTls) {
    RawServer server({{{}}, {{}}});
    Lane lane({Millis(200), 1_MiB});
    EXPECT_EQ(lane.get("https://127.0.0.1:" + std::to_string(server.port()) + "/x"),
              "ESOCKETTIMEDOUT [ESOCKETTIMEDOUT]");
}

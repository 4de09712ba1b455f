#include "harness/hurl_exchange.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/http/content_decoding.h"
#include "harness/http/fields.h"
#include "harness/http/text.h"
#include "harness/http/url.h"
#include "harness/hurl/certificate.h"
#include "harness/hurl/encoding.h"
#include "harness/suite/postman.h"

namespace assay::harness {
namespace {

using hurl::Fault;

// What undoes the codings of a body, from the last named to the first as Hurl does; the reason when it cannot.
void decode(hurl::Response& response) {
    response.body = response.raw;
    for (const auto line : response.values("content-encoding")) {
        std::string_view rest = line;
        while (!rest.empty() && !response.undecodable) {
            const auto comma = rest.find(',');
            auto name = rest.substr(0, comma);
            rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
            name.remove_prefix(std::min(name.find_first_not_of(" \t"), name.size()));
            name = name.substr(0, name.find_last_not_of(" \t") + 1);
            const auto coding = name == "br"        ? http::Coding::brotli
                                : name == "gzip"    ? http::Coding::gzip
                                : name == "deflate" ? http::Coding::deflate
                                                    : http::Coding::identity;
            if (coding == http::Coding::identity) {
                if (name != "identity" && !name.empty())
                    response.undecodable =
                        Fault{{}, "Decompression error", fmt::format("compression {} is not supported", name)};
                continue;
            }
            auto decoded = http::decode_content(coding, response.body, kHurlBodyLimit, http::CutShort::refused);
            if (decoded) {
                response.body = std::move(*decoded);
            } else {
                response.undecodable =
                    Fault{{},
                          "Decompression error",
                          fmt::format("could not uncompress response with {}", name == "br"        ? "brotli"
                                                                               : name == "deflate" ? "zlib"
                                                                                                   : "gzip")};
            }
        }
    }
}

bool is_utf8_text(std::string_view text) { return hurl::utf8_lossy(text) == text; }

}  // namespace

hurl::Response response_of(http::Response&& received, hurl::List redirects) {
    hurl::Response response;
    response.version = received.version == 10 ? "HTTP/1.0" : "HTTP/1.1";
    response.status = received.code;
    for (const auto field : received.headers)
        response.headers.emplace_back(
            field.name, is_utf8_text(field.value) ? std::string(field.value) : http::latin1_to_utf8(field.value));
    response.raw = std::move(received.body);
    response.url = std::move(received.url);
    response.duration = std::chrono::duration_cast<Millis>(received.time);
    response.ip = std::move(received.peer.address);
    if (!received.peer.certificate.empty()) response.certificate = hurl::read_certificate(received.peer.certificate);
    response.redirects = std::move(redirects);
    decode(response);
    return response;
}

check::Exchange exchange_of(const http::Request& sent, const std::string& cookies, const hurl::Response* answer) {
    check::Exchange exchange;
    exchange.sent_url = http::parse_url(sent.url).href();
    suite::Request request;
    request.method = sent.method;
    request.url = suite::parse_url(exchange.sent_url);
    bool cookies_shown = cookies.empty();
    for (const auto& [name, value] : sent.headers) {
        const bool joins = !cookies_shown && http::equal_ignoring_case(name, "cookie");
        exchange.request_headers.push_back({name, joins ? fmt::format("{}; {}", value, cookies) : value});
        cookies_shown = cookies_shown || joins;
    }
    if (!cookies_shown) exchange.request_headers.push_back({"Cookie", cookies});
    for (const auto& [name, value] : exchange.request_headers) request.headers.push_back({name, value, false, false});
    if (!sent.body.empty()) {
        request.body.emplace();
        request.body->mode = suite::Body::Mode::raw;
        request.body->raw = sent.body;
    }
    exchange.request_json = suite::request_json(request);
    exchange.request_body = sent.body;
    if (answer != nullptr) {
        for (const auto& [name, value] : answer->headers) exchange.response_headers.push_back({name, value});
        exchange.response_body = answer->body;
    }
    return exchange;
}

}  // namespace assay::harness

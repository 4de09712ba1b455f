#include "harness/scenario_exchange.h"

#include "harness/suite/postman.h"

namespace assay::harness {

std::string cookie_header(const http::Client& client, std::string_view url) {
    std::string text;
    for (const auto& [name, value] : client.cookies(url)) {
        text.append(text.empty() ? "" : "; ").append(name).append("=").append(value);
    }
    return text;
}

check::Exchange exchange_of(const BuiltRequest& built, const std::string& cookies, const Answered* answered,
                            suite::Dynamic& dynamic) {
    check::Exchange exchange;
    const auto sent = sent_request(built, cookies, dynamic);
    exchange.request_json = suite::request_json(sent);
    exchange.sent_url = suite::to_string(sent.url);
    for (const auto& header : sent.headers)
        if (!header.disabled) exchange.request_headers.push_back({header.key, header.value});
    exchange.request_body = built.wire.body;
    if (answered != nullptr) {
        for (const auto& [name, value] : answered->headers) exchange.response_headers.push_back({name, value});
        exchange.response_body = answered->response.body;
    }
    return exchange;
}

}  // namespace assay::harness

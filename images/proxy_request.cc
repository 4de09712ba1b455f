#include "images/proxy_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/base64.h"

namespace assay::images {
namespace {

bool equal_ignoring_case(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
        return std::tolower(static_cast<unsigned char>(x)) == std::tolower(static_cast<unsigned char>(y));
    });
}

}  // namespace

std::optional<ProxyRequest> parse_proxy_request(std::string_view head) {
    ProxyRequest request;
    bool first = true;
    while (!head.empty()) {
        const auto end = head.find("\r\n");
        if (end == std::string_view::npos) return std::nullopt;
        const std::string_view line = head.substr(0, end);
        head.remove_prefix(end + 2);
        if (line.empty()) break;
        if (line.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) return std::nullopt;
        if (first) {
            const auto a = line.find(' '), b = line.rfind(' ');
            if (a == std::string_view::npos || a == b || !line.substr(b + 1).starts_with("HTTP/1."))
                return std::nullopt;
            request.method = line.substr(0, a);
            request.target = line.substr(a + 1, b - a - 1);
            if (request.target.find(' ') != std::string::npos) return std::nullopt;
            first = false;
        } else {
            request.headers.emplace_back(line);
        }
    }
    if (first) return std::nullopt;
    return request;
}

std::string forwarded_head(const ProxyRequest& request, const Url& url, const std::optional<Url>& via) {
    const std::string authority = url.port == 80 ? url.host : fmt::format("{}:{}", url.host, url.port);
    std::string head = via ? fmt::format("{} http://{}{} HTTP/1.1\r\n", request.method, authority, url.target)
                           : fmt::format("{} {} HTTP/1.1\r\n", request.method, url.target);
    head += fmt::format("Host: {}\r\nConnection: close\r\n", authority);
    if (via && !via->user.empty()) head += fmt::format("Proxy-Authorization: Basic {}\r\n", base64_encode(via->user));
    for (const std::string& line : request.headers) {
        const std::string_view field = std::string_view(line).substr(0, line.find(':'));
        if (equal_ignoring_case(field, "host") || equal_ignoring_case(field, "connection") ||
            equal_ignoring_case(field, "keep-alive") || equal_ignoring_case(field, "content-length") ||
            equal_ignoring_case(field, "transfer-encoding") || equal_ignoring_case(field.substr(0, 6), "proxy-"))
            continue;
        head += line + "\r\n";
    }
    return head + "\r\n";
}

const std::optional<Url>& Upstream::of(bool tunnel, const std::string& host) const {
    static const std::optional<Url> none;
    for (std::string_view name : direct) {
        if (name == "*" || equal_ignoring_case(name, host)) return none;
        if (name.starts_with('.')) name.remove_prefix(1);
        if (equal_ignoring_case(name, host)) return none;
        if (host.size() > name.size() && host[host.size() - name.size() - 1] == '.' &&
            equal_ignoring_case(std::string_view(host).substr(host.size() - name.size()), name))
            return none;
    }
    return tunnel ? https : http;
}

}  // namespace assay::images

// What a package's code may ask of the build's proxy, from any bytes: only allowed hosts are named to anybody, and
// nothing that was asked makes a second request of the first.
#include <algorithm>
#include <cstdint>

#include "images/allow_list.h"
#include "images/proxy_request.h"
#include "tests/fuzz/check.h"

namespace {

using namespace assay::images;

void check_tunnel(const AllowList& allow, const ProxyRequest& request) {
    const auto target = parse_host_port(request.target);
    if (!target) return;
    FUZZ_CHECK(!target->host.empty() && target->port != 0);
    if (!allow.allows(target->host, target->port)) return;
    FUZZ_CHECK(target->host == "registry.example" || target->host.ends_with(".files.example"));
    FUZZ_CHECK(target->port == 443);
}

void check_forward(const AllowList& allow, const ProxyRequest& request) {
    const auto url = parse_url(request.target);
    if (!url) return;
    FUZZ_CHECK(!url->host.empty() && url->port != 0 && url->target.starts_with('/'));
    if (url->scheme != "http" || !allow.allows(url->host, url->port)) return;
    FUZZ_CHECK(url->host == "plain.example" && url->port == 8080);
    const std::optional<Url> via = parse_url("http://user:word@proxy.example:3128");
    for (const auto& next : {std::optional<Url>(), via}) {
        const std::string head = forwarded_head(request, *url, next);
        FUZZ_CHECK(head.find("\r\n\r\n") == head.size() - 4);
        FUZZ_CHECK(std::count(head.begin(), head.end(), '\r') == std::count(head.begin(), head.end(), '\n'));
        FUZZ_CHECK(head.find("\r\nHost: plain.example:8080\r\n") != std::string::npos);
        const auto line = head.substr(0, head.find("\r\n"));
        FUZZ_CHECK(line.ends_with(" HTTP/1.1") && std::count(line.begin(), line.end(), ' ') >= 2);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const AllowList allow = [] {
        AllowList list;
        for (const char* entry : {"https://registry.example/simple", "*.files.example", "http://plain.example:8080"})
            FUZZ_CHECK(list.add(entry));
        return list;
    }();
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    AllowList own;
    if (own.add(bytes)) FUZZ_CHECK(own.entries().size() == 1);
    const auto request = parse_proxy_request(bytes);
    if (!request) return 0;
    for (const std::string& header : request->headers) FUZZ_CHECK(header.find_first_of("\r\n") == std::string::npos);
    check_tunnel(allow, *request);
    check_forward(allow, *request);
    return 0;
}

// What a builder may ask of the proxy, and what becomes of it. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "images/allow_list.h"
#include "images/proxy.h"

namespace assay::images {

struct ProxyRequest {
    std::string method;
    std::string target;
    std::vector<std::string> headers;  // whole lines
};

// The head of a request, up to and with the empty line. Nothing when it is not HTTP/1.
std::optional<ProxyRequest> parse_proxy_request(std::string_view head);

// The request as the server gets it, without what concerns the way here alone. A body is not carried.
std::string forwarded_head(const ProxyRequest& request, const Url& url, const std::optional<Url>& via);

}  // namespace assay::images

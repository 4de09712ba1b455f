// Which hosts a layer's build may reach. Pure values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace assay::images {

// A parsed URL, as far as a proxy needs it.
struct Url {
    std::string scheme;      // lower case
    std::string user;        // "name:password" as written, percent-decoded; empty = none
    std::string host;        // lower case, without brackets and trailing dot
    std::uint16_t port = 0;  // the scheme's own (http 80, https 443) when not written
    std::string target;      // path and query, at least "/"
};
std::optional<Url> parse_url(std::string_view text);

// "host:port" or "[v6]:port", of a CONNECT request; lower case, without trailing dot.
struct HostPort {
    std::string host;
    std::uint16_t port = 0;
};
std::optional<HostPort> parse_host_port(std::string_view text);

class AllowList {
 public:
    // "https://registry.example/path", "host", "host:port", "*.example" (any name below, not example itself). Without
    // a scheme or port: 443.
    Result<void> add(std::string_view entry);
    // `host` without brackets, as parse_host_port() and parse_url() give it.
    [[nodiscard]] bool allows(std::string_view host, std::uint16_t port) const;
    [[nodiscard]] std::vector<std::string> entries() const;  // "host:port", for messages

 private:
    struct Entry {
        std::string host;
        std::uint16_t port;
        bool below;  // host is a suffix
    };
    std::vector<Entry> entries_;
};

}  // namespace assay::images

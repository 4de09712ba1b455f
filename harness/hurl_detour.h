// Hurl's --connect-to and --resolve: connections to other hosts than the URL's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "harness/http/client.h"
#include "harness/hurl_request.h"

namespace assay::harness {

// In front of another connector, which must outlive it. One connection is made at a time.
class Detour : public http::Connector {
 public:
    explicit Detour(http::Connector& direct) : direct_(direct) {}
    // The rules of the entry at work.
    void set(const HurlEntryOptions& options);
    http::Awaitable<http::Exchange<http::Socket>> connect(std::string_view host, std::uint16_t port) override;
    std::optional<http::Socket> connect_at_once(std::string_view host, std::uint16_t port) override;

 private:
    void redirect(std::string_view host, std::uint16_t& port);

    http::Connector& direct_;
    std::vector<std::string> connect_to_;  // HOST1:PORT1:HOST2:PORT2
    std::vector<std::string> resolve_;     // HOST:PORT:ADDRESS
    std::string host_;                     // where the connection goes; lives while it is made
};

}  // namespace assay::harness

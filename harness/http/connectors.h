// Connections over this host's own network.
#pragma once

#include <utility>

#include "harness/http/client.h"

namespace assay::http {

// Resolves names as Node under newman does: "localhost" and what ends in it is this machine, ::1 when something
// listens there, else 127.0.0.1; all other names go to the system's resolver, whose first address that accepts wins.
// A name look-up cannot be ended before the system's resolver gives up.
class HostConnector : public Connector {
 public:
    explicit HostConnector(LaneExecutor executor) : executor_(std::move(executor)) {}
    Awaitable<Exchange<Socket>> connect(std::string_view host, std::uint16_t port) override;
    std::optional<Socket> connect_at_once(std::string_view host, std::uint16_t port) override;

 private:
    LaneExecutor executor_;
};

}  // namespace assay::http

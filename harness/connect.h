// Where a scenario's connections come from when the server stands in a sandbox.
#pragma once

#include "harness/http/client.h"
#include "runtime/launchers.h"

namespace assay::harness {

// Connects from inside the sandbox's network namespace to its service address. The names that the sandbox's
// /etc/hosts knows lead there; every other name does not resolve, as it would not inside. The client itself
// stays outside: what the sandbox holds cannot touch it. Used by one lane at a time.
class SandboxConnector : public http::Connector {
 public:
    explicit SandboxConnector(runtime::Sandbox& sandbox) : sandbox_(sandbox) {}
    http::Awaitable<http::Exchange<http::Socket>> connect(std::string_view host, std::uint16_t port) override;

    // A socket could not be had for a reason of ours: the run's verdict is not to be believed.
    [[nodiscard]] const std::optional<runtime::Fault>& fault() const noexcept { return fault_; }

 private:
    runtime::Sandbox& sandbox_;
    std::optional<runtime::Fault> fault_;
};

// For a submission that never came as far as a server: every connection is refused, as it would be.
class RefusingConnector : public http::Connector {
 public:
    http::Awaitable<http::Exchange<http::Socket>> connect(std::string_view host, std::uint16_t port) override;
};

}  // namespace assay::harness

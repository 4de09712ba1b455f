// The client of one run, for its items and its scripts alike: it gives up on a server that hangs.
#pragma once

#include <cstdint>

#include "harness/http/client.h"
#include "harness/scenario.h"

namespace assay::harness {

// A hanging server would cost the timeout for every request: after some in a row the rest is taken as timed out.
class RunClient {
 public:
    // The connector, the options and the totals must outlive it.
    RunClient(http::LaneExecutor executor, http::Connector& connector, const ScenarioOptions& options,
              ScenarioRun& totals);

    // Sets `presumed` when the request was not sent. Counts timeouts.
    http::Awaitable<http::Exchange<http::Response>> send(const http::Request& request, bool& presumed);

    [[nodiscard]] http::Client& http() { return client_; }
    [[nodiscard]] const http::Client& http() const { return client_; }

 private:
    const ScenarioOptions& options_;
    ScenarioRun& totals_;
    http::Client client_;
    std::uint32_t timeouts_in_a_row_ = 0;
    http::Failure last_timeout_{http::Failure::Kind::timeout, {}, {}};
};

}  // namespace assay::harness

#include "harness/run_client.h"

#include <utility>

namespace assay::harness {
namespace {

http::Limits limits_of(const ScenarioOptions& options) {
    http::Limits limits;
    limits.idle = options.timeout_request;
    return limits;
}

}  // namespace

RunClient::RunClient(http::LaneExecutor executor, http::Connector& connector, const ScenarioOptions& options,
                     ScenarioRun& totals)
    : options_(options), totals_(totals), client_(std::move(executor), connector, limits_of(options)) {}

http::Awaitable<http::Exchange<http::Response>> RunClient::send(const http::Request& request, bool& presumed) {
    if (options_.timeouts_in_a_row != 0 && timeouts_in_a_row_ >= options_.timeouts_in_a_row) {
        presumed = true;
        ++totals_.presumed;
        co_return tl::unexpected(last_timeout_);
    }
    auto exchange = co_await client_.send(request);
    if (!exchange && exchange.error().kind == http::Failure::Kind::timeout) {
        ++totals_.timeouts;
        ++timeouts_in_a_row_;
        last_timeout_ = exchange.error();
        if (options_.on_timeout) options_.on_timeout();
    } else {
        timeouts_in_a_row_ = 0;
    }
    co_return exchange;
}

}  // namespace assay::harness

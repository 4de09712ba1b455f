#include "harness/script_runner.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "harness/pause.h"
#include "harness/scenario_exchange.h"
#include "harness/suite/postman.h"

namespace assay::harness {

http::Awaitable<void> ScriptRunner::run(std::uint32_t index, const script::Input& input, script::ScriptResult& result) {
    const auto timed = [this](auto&& step) {
        const auto begun = Clock::now();
        auto progress = step();
        totals_.in_scripts += std::chrono::duration_cast<Micros>(Clock::now() - begun);
        return progress;
    };
    auto progress = timed([&] { return context_.begin(index, input, result); });
    while (progress && !progress->done) {
        if (!progress->sends.empty()) {
            // One after the other: newman sends them at once, but on servers that matter the order is the same.
            const auto sends = std::move(progress->sends);
            std::vector<script::SendRequest> more;
            for (const auto& send : sends) {
                progress = co_await answer(send);
                std::move(progress->sends.begin(), progress->sends.end(), std::back_inserter(more));
                if (progress->done) break;
            }
            progress->sends = std::move(more);
            continue;
        }
        if (progress->wake) co_await sleep_until(*progress->wake);
        progress = timed([&] { return context_.resume(); });
    }
    if (!progress) totals_.fault = std::move(progress).error();
}

// Sends what a script asked for and hands it the answer.
http::Awaitable<script::Progress> ScriptRunner::answer(const script::SendRequest& send_request) {
    const auto deliver = [&](const script::ResponseView* view, std::string_view error = {},
                             std::string_view code = {}) {
        auto progress = context_.deliver(send_request.id, view, error, code);
        if (progress) return std::move(*progress);
        totals_.fault = std::move(progress).error();
        return script::Progress{};
    };
    auto request = suite::read_request(send_request.request);
    if (!request) co_return deliver(nullptr, request.error().to_string());
    auto built = build_script_request(*request, making_.dynamic, making_.options, making_.digest);
    bool presumed = false;
    auto exchange = co_await client_.send(built.wire, presumed);
    if (exchange && answer_challenge(built.auth, *exchange, making_.dynamic, making_.digest)) {
        built = build_script_request(std::move(*request), making_.dynamic, making_.options, making_.digest);
        exchange = co_await client_.send(built.wire, presumed);
    }
    making_.scopes.answered();
    if (!exchange) co_return deliver(nullptr, exchange.error().message, exchange.error().code);
    const Answered answered(std::move(*exchange));
    co_return deliver(&answered.view);
}

}  // namespace assay::harness

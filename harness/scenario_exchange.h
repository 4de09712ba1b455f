// What went over the wire for an item of a suite: as its scripts see the answer, and as reports show both.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/units.h"
#include "harness/check/outcome.h"
#include "harness/http/client.h"
#include "harness/http/text.h"
#include "harness/request_builder.h"
#include "harness/script/engine.h"

namespace assay::harness {

// A response as scripts see it, and what the views in it point to.
struct Answered {
    explicit Answered(http::Response&& received) : response(std::move(received)) {
        for (const auto& header : response.headers) {
            headers.emplace_back(header.name, http::latin1_to_utf8(header.value));  // as newman reads bytes
        }
        view.code = response.code;
        view.status = response.reason;
        view.time = static_cast<double>(time().count());
        view.size = response.body.size();
        view.headers = &headers;
        view.body = response.body;
    }
    Answered(const Answered&) = delete;
    Answered& operator=(const Answered&) = delete;

    [[nodiscard]] Millis time() const { return std::chrono::round<Millis>(response.time); }

    http::Response response;
    script::Pairs headers;
    script::ResponseView view;
};

// The Cookie header that a request to this URL would carry now; empty: none.
std::string cookie_header(const http::Client& client, std::string_view url);

// `cookies`: what the client's jar has added to the request. The answer may be missing.
check::Exchange exchange_of(const BuiltRequest& built, const std::string& cookies, const Answered* answered,
                            suite::Dynamic& dynamic);

}  // namespace assay::harness

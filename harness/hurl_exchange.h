// What went over the wire for an entry of a Hurl file: as its queries see the answer, and as reports show both.
#pragma once

#include <memory>
#include <string>

#include "harness/check/outcome.h"
#include "harness/http/client.h"
#include "harness/hurl/evaluate.h"

namespace assay::harness {

constexpr Bytes kHurlBodyLimit{64u << 20};

// The answer, its body decoded as its Content-Encoding says. `redirects` led to it.
hurl::Response response_of(http::Response&& received, hurl::List redirects);

// `cookies`: what the client's jar has added to the request. The answer may be missing.
check::Exchange exchange_of(const http::Request& sent, const std::string& cookies, const hurl::Response* answer);

}  // namespace assay::harness

// One request of a Hurl file made ready to send, and the options that hold for it.
//
// Source of what Hurl sends: hurl 8.0.1 with libcurl 7.88, observed. Pure but for files that a body names.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/http/client.h"
#include "harness/hurl/evaluate.h"

namespace assay::harness {

// What the command line says for every entry, and an entry's own [Options] over it. Hurl's names and defaults.
struct HurlEntryOptions {
    bool compressed = false;
    bool insecure = false;
    bool location = false;
    bool location_trusted = false;
    std::int64_t max_redirs = 50;  // -1 = no limit
    Millis max_time{300'000};      // of one request; 0 = none
    Millis delay{0};
    std::int64_t retry = 0;  // -1 = no limit
    Millis retry_interval{1000};
    std::int64_t repeat = 1;  // -1 is not taken: nothing would end it
    bool skip = false;
    bool path_as_is = false;
    std::string user;                     // user:password
    std::vector<http::Header> headers;    // beside the entry's own
    std::vector<std::string> connect_to;  // HOST1:PORT1:HOST2:PORT2
    std::vector<std::string> resolve;     // HOST:PORT:ADDRESS
};

// The options of `entry`. Sets the variables that they define.
hurl::Evaluated<HurlEntryOptions> entry_options(const suite::hurl::Entry& entry, const HurlEntryOptions& given,
                                                const hurl::Evaluator& evaluator, hurl::Variables& variables);

// Options that assay cannot honour are an Error that names file and line, before anything is sent.
Result<void> check_supported(const suite::hurl::File& file);

// Redirects are the caller's: the request follows none.
hurl::Evaluated<http::Request> build_request(const suite::hurl::Request& request, const HurlEntryOptions& options,
                                             const hurl::Evaluator& evaluator);

// The request that follows an answer with `status` that leads to `url`.
void redirect(http::Request& request, std::uint32_t status, const std::string& url, bool keep_credentials);

}  // namespace assay::harness

// One request of a suite made ready to send: variables put in, authorised, its body built.
//
// Source of what newman sends: newman 6.2.2 (postman-runtime 7.39.1), observed. Pure but for files that a body names.
#pragma once

#include <string>

#include "base/result.h"
#include "harness/authorize.h"
#include "harness/http/client.h"
#include "harness/suite/model.h"

namespace assay::harness {

struct BuiltRequest {
    suite::Request request;  // resolved, with what the runner added; for scripts
    http::Request wire;
    suite::Auth auth;       // resolved: what the request was authorised with
    std::string shown_url;  // as reports show it: resolved, not percent-encoded
};

struct BuildOptions {
    std::string working_dir;  // of the files that bodies name; empty: the current one
    bool follow_redirects = true;
    bool verify_certificate = true;
};

// `item.request` is replaced by `request`, as pre-request scripts left it.
BuiltRequest build_request(const suite::Item& item, const suite::Request& request, const suite::Scopes& scopes,
                           suite::Dynamic& dynamic, const BuildOptions& options, const DigestStates& states = {});

// A request of pm.sendRequest: nothing is resolved, the body of a GET is sent.
BuiltRequest build_script_request(suite::Request request, suite::Dynamic& dynamic, const BuildOptions& options,
                                  const DigestStates& states = {});

// Authorisations that build_request can make. Others are an Error that names the item, before a run starts.
Result<void> check_supported(const suite::Suite& suite, const suite::Item& item);

// The request as it went out, with the headers that the client adds (its token apart: a new one is made).
suite::Request sent_request(const BuiltRequest& built, const std::string& cookies, suite::Dynamic& dynamic);
// The same as JSON: what a test script sees as pm.request.
std::string sent_request_json(const BuiltRequest& built, const std::string& cookies, suite::Dynamic& dynamic);

}  // namespace assay::harness

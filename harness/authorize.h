// What an auth block does to a request, as newman's authorizers do it (postman-runtime 7.39.1, lib/authorizer).
//
// A block whose parameters are missing or wrong leaves the request as it is: newman warns and sends it. Digest
// needs the server's challenge: without one the request goes out plain, and answer_challenge() says what comes next.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "harness/http/client.h"
#include "harness/suite/model.h"

namespace assay::harness {

// What servers told a run about digest authorisation; a block's own parameters are the key.
struct DigestState {
    std::string realm, nonce, opaque, qop, client_nonce;
    std::uint32_t count = 0;
};
using DigestStates = std::map<std::string, DigestState>;

// Whether there is a handler for a type; newman sends what it does not know without authorisation, as it does here.
bool known_to_newman_only(std::string_view auth_type);

// `request` is resolved; its Content-Type is there already where newman adds it early.
void authorise(const suite::Auth& auth, suite::Request& request, suite::Dynamic& dynamic,
               const std::string& working_dir, const DigestStates& states);

// True: the response challenges, and the request is to be built and sent once more.
bool answer_challenge(const suite::Auth& auth, const http::Response& response, suite::Dynamic& dynamic,
                      DigestStates& states);

}  // namespace assay::harness

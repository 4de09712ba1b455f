// The command that sends a request again.
#pragma once

#include <string>

#include "harness/check/outcome.h"

namespace assay::report {

// One line for a shell, with the headers as sent but for those that curl makes itself (Host, Content-Length,
// Connection) and the token of a run (Postman-Token). Empty when the exchange was not kept whole. An answer's decoding
// is
// --compressed; redirects are followed as the run did, by --location.
[[nodiscard]] std::string curl_command(const check::RequestOutcome& outcome);

}  // namespace assay::report

// Hurl files against one server: what hurl does, on one lane.
//
// Source of the order of things and of what ends a run: hurl 8.0.1, observed. Every assertion that the files hold is in
// the outcomes, once: passed, failed, or not reached. So the total does not depend on the answers.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "harness/hurl_request.h"
#include "harness/scenario.h"
#include "harness/suites.h"

namespace assay::harness {

struct HurlOptions {
    Millis timeout_request{0};            // silence of this length ends a request; 0 = none. Beside max-time
    std::uint32_t timeouts_in_a_row = 0;  // then the remaining requests are presumed to time out; 0 = never
    std::vector<std::pair<std::string, hurl::Value>> variables;
    std::string file_root;           // where the files that bodies name lie; empty: the folder of each Hurl file
    bool continue_on_error = false;  // go on after an entry that failed, as hurl's option of that name
    bool bail = false;               // end after the first file that failed
    HurlEntryOptions entry;
    ScenarioOptions::Keep keep = ScenarioOptions::Keep::none;  // of requests and answers, secrets blotted out
    std::function<void()> on_timeout;                          // called when a request has just timed out; may be empty
};

// One file after the other, each with its own variables, cookies and connection. An entry that failed ends its file.
// Everything must outlive the coroutine.
http::Awaitable<ScenarioRun> run_hurl(const HurlSuite& suite, http::Connector& connector, const HurlOptions& options,
                                      OutcomeSink sink);

}  // namespace assay::harness

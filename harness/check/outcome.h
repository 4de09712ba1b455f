// What a suite says about one request, as plain data: the row of newman's CSV and more.
//
// Source of the counting rules: newman 6.2.2 with newman-reporter-csv 1.3.0, observed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"

namespace assay::check {

enum class Status { passed, failed, skipped };

struct Assertion {
    std::string name;
    Status status = Status::passed;
    std::string message;       // of a failed one: what the assertion said; empty for legacy tests
    bool pre_request = false;  // named in newman's lists, but not in its counts
};

// A script that threw, did not parse, or met its time or memory limit. Never counted as an assertion.
struct ScriptError {
    std::string listen;  // "prerequest" or "test"
    std::string kind;    // "TypeError", "SyntaxError", "timeout", "memory", "limit" (of assertions)
    std::string message;
    std::uint32_t line = 0;  // in the script, 1-based; 0 = unknown
};

struct ConsoleLine {
    std::string level;  // "log", "warn", "error", "info", "debug", "clear"
    std::string text;
};

struct Answer {
    std::uint32_t code = 0;  // of the final response, after redirects
    std::string status;      // reason phrase as newman prints it
    Millis time{0};
    std::uint64_t size = 0;  // decoded body bytes
    std::uint32_t redirects = 0;
};

// A variable that a step read, and the earlier step that it comes from.
struct Dependency {
    std::uint32_t sequence = 0;  // of the earlier step
    std::string variable;
    bool lost = false;  // the earlier step left it unset, undefined or null
    bool operator==(const Dependency&) const = default;
};

// What went over the wire, kept for reports when asked for. Bodies are bytes.
struct Exchange {
    struct Field {
        std::string name;
        std::string value;
    };
    std::string request_json;            // as sent, in the collection format
    std::vector<Field> request_headers;  // as sent, newman's own included
    std::string request_body;
    std::vector<Field> response_headers;  // empty without a response
    std::string response_body;            // decoded
    std::string sent_url;                 // percent-encoded, before redirects
    bool request_cut = false;             // the body is not whole: a journal keeps its beginning
};

// One executed item of a suite, in run order. `answer` and `error` exclude each other; neither means skipped.
struct RequestOutcome {
    std::uint32_t sequence = 0;   // position in the run, 0-based
    std::uint32_t iteration = 0;  // 0-based; newman's CSV prints it 1-based
    std::string item;             // the request's name
    std::string folder;           // enclosing folders' names joined by " / "
    std::string method;
    std::string url;                 // variables resolved, not percent-encoded
    std::uint64_t request_size = 0;  // bytes of the body sent
    std::optional<Answer> answer;
    std::string error;      // of a failed request, in newman's words: "connect ECONNREFUSED 10.0.2.1:8080"
    bool skipped = false;   // by the pre-request script
    bool presumed = false;  // not sent: timeouts in a row before it (counts as a timeout, and says so)
    std::vector<Assertion> assertions;
    std::vector<ScriptError> script_errors;
    std::vector<ConsoleLine> console;  // what the scripts wrote; bounded by the script engine's limits

    std::uint32_t position = 0;          // of the item in the suite, 0-based
    std::vector<std::string> unreached;  // planned assertions (plan.h) that this visit did not come to
    // Of a failed step: the steps whose output it used, and the failed one among them or behind them that its own
    // failures follow from. A failed step without one is a root.
    std::vector<Dependency> depends_on;
    std::optional<std::uint32_t> follows;      // sequence of a step
    std::optional<std::uint32_t> root_cause;   // where that chain begins
    std::shared_ptr<const Exchange> exchange;  // null: not kept
};

// newman's own counting over a run: totalAssertions, executedCount (passed), failedCount, skippedCount.
struct Counts {
    std::uint32_t total = 0;
    std::uint32_t passed = 0;
    std::uint32_t failed = 0;
    std::uint32_t skipped = 0;
    Counts& operator+=(const Counts& other);
    bool operator==(const Counts&) const = default;
};

// A failed assertion that newman counts.
bool counted_failure(const Assertion& assertion);

Counts count(const RequestOutcome& outcome);
Counts count(const std::vector<RequestOutcome>& run);

// Test scripts that met a limit of ours (time, memory, number of assertions). What they would have asserted is unknown,
// and an answer can be made so that they meet it.
std::uint32_t cut_short(const std::vector<RequestOutcome>& run);

// Where the failures of a run begin.
struct Causes {
    std::uint32_t root_failures = 0;       // failed assertions of steps that follow from no other
    std::uint32_t following_failures = 0;  // the other failed assertions
    std::vector<std::uint32_t> roots;  // sequences of the steps that failures begin with, ascending. One of them may
                                       // have passed its own assertions: nobody looked at the value that it lost
};
Causes causes_of(const std::vector<RequestOutcome>& run);

}  // namespace assay::check

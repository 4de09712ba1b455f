// What a suite says about one request, as plain data: the row of newman's CSV and more.
//
// Source of the counting rules: newman 6.2.2 with newman-reporter-csv 1.3.0, observed.
#pragma once

#include <cstdint>
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
};

// One executed item of a suite, in run order. `answer` and `error` exclude each other; neither means skipped.
struct RequestOutcome {
    std::uint32_t sequence = 0;   // position in the run, 0-based
    std::uint32_t iteration = 0;  // 0-based; newman's CSV prints it 1-based
    std::string item;             // the request's name
    std::string folder;           // enclosing folders' names joined by " / "
    std::string method;
    std::string url;  // variables resolved, not percent-encoded
    std::optional<Answer> answer;
    std::string error;      // of a failed request, in newman's words: "connect ECONNREFUSED 10.0.2.1:8080"
    bool skipped = false;   // by the pre-request script
    bool presumed = false;  // not sent: timeouts in a row before it (counts as a timeout, and says so)
    std::vector<Assertion> assertions;
    std::vector<ScriptError> script_errors;
    std::vector<ConsoleLine> console;  // what the scripts wrote; bounded by the script engine's limits
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

Counts count(const RequestOutcome& outcome);
Counts count(const std::vector<RequestOutcome>& run);

// Test scripts that met a limit of ours (time, memory, number of assertions). What they would have asserted is unknown,
// and an answer can be made so that they meet it.
std::uint32_t cut_short(const std::vector<RequestOutcome>& run);

}  // namespace assay::check

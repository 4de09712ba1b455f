// Many runs of one suite at once against a slow server: what they hold, and whether each outcome comes exactly once.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "base/result.h"
#include "base/units.h"

namespace assay::bench {

struct AtOnceOptions {
    std::string collection;  // a Conduit collection; all of it must pass on the built-in Conduit
    unsigned runs = 1000;    // on one lane, all started together; at least 1
    Millis delay{250};       // between a request and its answer
};

struct AtOnceReport {
    AtOnceOptions asked;
    std::size_t requests = 0;      // of a run
    std::size_t assertions = 0;    // of a run
    std::size_t most_waiting = 0;  // answers that were due at the same time
    double seconds = 0;            // of all runs
    double cpu_us = 0;             // of the lane, a run
    Bytes resident_before;         // of this process, with the suite compiled and the engine made
    Bytes resident_peak;           // while the runs were under way, server included
    std::uint64_t lost = 0;        // outcomes that never came
    std::uint64_t doubled = 0;     // ... that came again
    std::uint64_t failed = 0;      // assertions and requests that failed: none may
};

Result<AtOnceReport> measure_at_once(const AtOnceOptions& options);

[[nodiscard]] nlohmann::json to_json(const AtOnceReport& report);
[[nodiscard]] std::string to_text(const AtOnceReport& report);

}  // namespace assay::bench

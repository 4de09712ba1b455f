// One test of the Common Test Report Format (https://ctrf.io) as JSON, and the counts of many.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "harness/report/test_lines.h"

namespace assay::report {

class CtrfTally {
 public:
    // Counts it. `outcome` may be null; of one that failed it gives the request and the curl command.
    nlohmann::ordered_json test(const std::string& name, const TestLine& line, const check::RequestOutcome* outcome);
    // Something of status "other" that is no assertion.
    void other() { ++other_; }
    // Times in ms since 1970.
    [[nodiscard]] nlohmann::ordered_json summary(std::int64_t started_ms, std::int64_t stopped_ms) const;

 private:
    std::uint64_t passed_ = 0, failed_ = 0, skipped_ = 0, other_ = 0;
};

// Bytes of a server as JSON text: what is no UTF-8 becomes U+FFFD.
[[nodiscard]] std::string ctrf_dump(const nlohmann::ordered_json& value, int indent = -1);

}  // namespace assay::report

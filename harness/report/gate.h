// A threshold that a run has to meet: "pass@1>=80", "faults==0".
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "harness/report/table.h"

namespace assay::report {

class Gate {
 public:
    // METRIC OP NUMBER; metrics: strict (A%), raw, pass@1 (percent, over all), submissions, succeeded, faults.
    static Result<Gate> parse(const std::string& text);
    // A percentage of a run without any verdict meets nothing.
    [[nodiscard]] bool met(const Table& table) const;
    // "pass@1>=80: it is 66.7"
    [[nodiscard]] std::string explain(const Table& table) const;

 private:
    std::string text_, metric_, op_;
    double number_ = 0;
};

// As options give them. An error names the first that is none.
Result<std::vector<Gate>> read_gates(const std::vector<std::string>& texts);
// Those that are not met, explained.
[[nodiscard]] std::vector<std::string> unmet(const std::vector<Gate>& gates, const Table& table);

}  // namespace assay::report

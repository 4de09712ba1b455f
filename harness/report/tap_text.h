// One test of TAP 14 (https://testanything.org/tap-version-14-specification.html) as text.
#pragma once

#include <string>

#include "harness/report/test_lines.h"

namespace assay::report {

// With a YAML block when it is not ok; of `outcome`, which may be null, what it follows from and the curl command.
[[nodiscard]] std::string tap_test(std::size_t number, const std::string& name, const TestLine& line,
                                   const check::RequestOutcome* outcome);

}  // namespace assay::report

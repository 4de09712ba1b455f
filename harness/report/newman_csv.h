// The report that the study's harness reads: newman-reporter-csv 1.3.0, byte for byte but for response times.
//
// A row per executed request in run order; LF between lines, none at the end. Source: the reporter under newman
// 6.2.2, observed; its quirks are kept, as whoever parses the file has met them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/check/outcome.h"

namespace assay::report {

[[nodiscard]] std::string newman_csv(std::string_view collection, const std::vector<check::RequestOutcome>& run);

}  // namespace assay::report

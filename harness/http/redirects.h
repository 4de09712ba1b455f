// Which answers are redirects that newman follows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "harness/http/fields.h"

namespace assay::http {

// The Location to follow; nullopt when the answer is final. Every status from 300 to 399 counts, whatever the method.
[[nodiscard]] std::optional<std::string> redirect_location(std::uint32_t status, const Fields& fields);

}  // namespace assay::http

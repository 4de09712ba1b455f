// Names that a policy may use for numbers: from the kernel's headers, so that a typing error cannot become a rule.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"

namespace assay::sandbox {

std::optional<std::uint64_t> policy_constant(std::string_view name);  // "AF_UNIX"
std::optional<int> errno_by_name(std::string_view name);              // "ENOSYS"

}  // namespace assay::sandbox

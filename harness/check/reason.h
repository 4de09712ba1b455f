// The reason phrase that belongs to a status code (RFC 9110 and its registry), as Node prints it. "" when unknown.
#pragma once

#include <cstdint>
#include <string_view>

namespace assay::check {

std::string_view standard_reason(std::uint32_t code);

}  // namespace assay::check

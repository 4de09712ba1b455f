// JSON that a submission, or what it installs, has written. nlohmann's parser has no recursion, but copying, dumping
// and comparing have: nesting is bounded before anything is made of it.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

namespace assay::images {

inline constexpr int kNestingLimit = 100;

// Whether brackets outside of strings nest deeper than the limit; for any text, JSON or not.
bool nests_too_deep(std::string_view text);

// Nothing when it is not JSON, or nests too deep.
std::optional<nlohmann::json> parse_untrusted(std::string_view text);

}  // namespace assay::images

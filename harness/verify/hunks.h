// Placing the hunks of one file, as `git apply` does it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "harness/verify/patch.h"

namespace assay::verify {

// `old` with the hunks applied in order. The error is the hunk that has no place, its detail "LINE: what", where LINE
// is the patch's. `work` bounds line comparisons and moves over all calls that share it: an untrusted patch
// could ask for a quadratic amount.
Result<std::string> apply_hunks(std::string_view old, const std::vector<Hunk>& hunks, std::uint64_t& work);

}  // namespace assay::verify

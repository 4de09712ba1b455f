// Which items of a suite a run visits.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"
#include "harness/suite/model.h"

namespace assay::harness {

// The items that `folders` selects, names or ids of folders and requests, in run order; all when it is empty. An Error
// names what is not there.
Result<std::vector<std::size_t>> selected_items(const suite::Suite& suite, const std::vector<std::string>& folders);

}  // namespace assay::harness

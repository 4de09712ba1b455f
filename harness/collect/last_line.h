// The last line of a file that was being written when a machine ended.
#pragma once

#include <string>

#include "base/result.h"

namespace assay::collect {

// Cuts what follows the last line break, which the end of a machine left, and gives the line before it; empty when
// there is none. A missing file is empty.
Result<std::string> mend_last_line(const std::string& path);

}  // namespace assay::collect

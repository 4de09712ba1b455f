// A part of a file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/result.h"

namespace assay {

// `size` bytes from `offset` on; fewer where the file ends before.
Result<std::string> read_at(int raw, std::uint64_t offset, std::size_t size);

}  // namespace assay

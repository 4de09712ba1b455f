// The hunks of a unified diff. Internal to this room.
#pragma once

#include "harness/verify/patch.h"
#include "harness/verify/patch_lines.h"

namespace assay::verify {

// "@@ -1,2 +3,4 @@", whatever follows.
bool is_hunk_header(std::string_view line);

// From its header to its last line, after which `in` stands.
Result<Hunk> read_hunk(PatchLines& in);

}  // namespace assay::verify

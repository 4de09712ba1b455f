// A folder as a diff against nothing: every line of every file is added.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "base/units.h"
#include "harness/verify/added.h"

namespace assay::verify {

struct TreeLimits {
    Bytes bytes = 256_MiB;  // of all text files together
    std::uint32_t files = 50000;
    std::uint32_t depth = 64;  // nested folders
};

// True for what the study leaves out of its diffs, and what is no part of a source: .git, node_modules, __pycache__
// anywhere; .venv, venv, .mypy_cache, dist, build and *.egg-info at the top; *.pyc, *.so, *.db, *.sqlite, *.sqlite3.
// `top` = the entry is in the root folder. There task.json is left out too: it is the harness's.
bool left_out_of_diff(std::string_view name, bool folder, bool top);

// Regular files by path, as `git diff` orders them. A file with a NUL in its first 8000 bytes is binary, as for git: it
// is listed, without lines. Symbolic links are not followed and special files not opened; both are left out.
Result<AddedSource> added_lines_of_tree(int directory, const TreeLimits& limits = {});

// The lines of one text. An end without a line break makes a line too.
std::vector<AddedLine> lines_of(std::string_view text);

}  // namespace assay::verify

// Directory trees that untrusted code has written: removed and measured without following a symlink.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/units.h"

namespace assay::images {

struct TreeSize {
    Bytes allocated;            // blocks on disk
    std::uint64_t entries = 0;  // files, directories, symlinks below the root
};

// Directories may be nested so deep; no package does it, and who walks the tree holds a descriptor a level.
inline constexpr int kDepthLimit = 128;

// Stops early (with what it has seen so far) when either bound is passed; 0 = no bound. A missing tree is empty;
// what vanishes while it looks is not counted. A tree deeper than kDepthLimit, or with a directory that cannot be
// opened, counts as endlessly many entries.
TreeSize measure_tree(const std::string& path, Bytes bound = {}, std::uint64_t entries_bound = 0);

// A regular file below `root`, reached through no symlink; more than `limit` bytes is an error.
Result<std::string> read_beneath(const std::string& root, const std::string& path, std::uint64_t limit);
// Names in a directory below `root`, reached through no symlink; empty when there is none. Sorted.
std::vector<std::string> list_beneath(const std::string& root, const std::string& path);

// Removes the tree, of any depth and also below directories without permissions. Missing is success.
Result<void> remove_tree(const std::string& path);

}  // namespace assay::images

// What a patch makes of a tree, as a list of writes: `git apply` in memory.
//
// As git does, as far as text goes: context must match byte for byte (no fuzz), a hunk may have moved and is then
// looked for ever further from its place, one that starts at line 1 only matches at the beginning, one without context
// after it only at the end; a created file must not exist; all or nothing. Refused besides: paths that leave the tree
// or enter a .git folder, paths through a symbolic link, symbolic links that point outside, submodules.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/verify/patch.h"

namespace assay::verify {

enum class FileKind { regular, executable, symlink };

struct TreeFile {
    FileKind kind = FileKind::regular;
    std::string bytes;  // a symbolic link's target
    bool operator==(const TreeFile&) const = default;
};

// One path after the patch: written, or (no file) removed. Paths are relative, clean and distinct; order is by path.
struct FileWrite {
    std::string path;
    std::optional<TreeFile> file;
    bool operator==(const FileWrite&) const = default;
};

// The tree before the patch: the file at a clean relative path, nothing when there is none, an error when it cannot be
// read. Asked at most once a path.
using TreeReader = std::function<Result<std::optional<TreeFile>>(const std::string& path)>;

struct ApplyError {
    Error error;             // detail "NAME:LINE: what"
    bool of_reader = false;  // the reader failed: not the patch's fault
};

tl::expected<std::vector<FileWrite>, ApplyError> apply_patch(const Patch& patch, const TreeReader& before,
                                                             const PatchLimits& limits = {});

// The same with several patches, each on what those before it left.
tl::expected<std::vector<FileWrite>, ApplyError> apply_patches(const std::vector<const Patch*>& patches,
                                                               const TreeReader& before,
                                                               const PatchLimits& limits = {});

// Nothing when `path` may be written in a submission's tree, else what is wrong with it: empty, absolute, with an
// empty, "." or ".." component, in a .git folder (any case), with a NUL, too long.
std::optional<std::string> path_problem(std::string_view path, std::uint32_t limit = 1024);

// Nothing when a symbolic link at `path` may point to `target`: relative, ".." only at its beginning, and no more of
// them than `path` has directories. By induction no chain of such links leaves the tree.
std::optional<std::string> link_problem(std::string_view path, std::string_view target);

}  // namespace assay::verify

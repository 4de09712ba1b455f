// Unified diffs as data: git's own (modes, renames, binary) and plain `diff -u`.
//
// Source of the format: git-diff(1), git-apply(1) and gitformat of version 2.39, checked against its behaviour. One
// path component is stripped, as `git apply` does; a plain diff whose names have no '/' keeps them whole. Text before,
// between and after the diffs is skipped, as there.
//
// Pure and bounded: no file is touched, nothing beyond the limits is allocated. Values are immutable once made.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "harness/verify/added.h"

namespace assay::verify {

struct PatchLimits {
    Bytes patch = 64_MiB;         // the patch's own text
    std::uint32_t files = 50000;  // file headers in it
    Bytes result = 512_MiB;       // all bytes that applying it writes, and what its binary parts unpack to
    std::uint32_t path = 1024;    // bytes of a path
};

struct HunkLine {
    char kind = ' ';           // ' ' both, '-' old only, '+' new only
    bool has_newline = true;   // false: "\ No newline at end of file" follows
    std::string_view text;     // without the newline; carriage returns belong to it
    std::uint32_t number = 0;  // in the new file, for ' ' and '+'; in the old one for '-'
};

struct Hunk {
    std::uint32_t old_start = 0;  // 1-based; 0 when old_count is 0
    std::uint32_t old_count = 0;
    std::uint32_t new_start = 0;
    std::uint32_t new_count = 0;
    std::uint32_t patch_line = 0;  // of its header, 1-based
    std::vector<HunkLine> lines;
};

// "GIT binary patch": the new content itself, or git's copy-and-insert program over the old one. Unpacked.
struct BinaryPart {
    enum class Kind { literal, delta } kind = Kind::literal;
    std::string bytes;
    std::uint32_t patch_line = 0;
};

enum class Change { modify, create, remove, rename, copy };

struct FilePatch {
    Change change = Change::modify;
    std::string old_path;                   // empty when created
    std::string new_path;                   // empty when removed
    std::optional<std::uint32_t> old_mode;  // 0100644, 0100755, 0120000 (symbolic link), 0160000 (submodule)
    std::optional<std::uint32_t> new_mode;
    std::optional<std::uint32_t> similarity;  // percent, of renames and copies
    bool maybe_new = false;                   // a plain diff does not say whether the file exists: no old lines in it
    bool full_index = false;                  // the "index" line has whole hashes
    bool binary_omitted = false;              // "Binary files a and b differ": content is not in the patch
    std::optional<BinaryPart> binary;
    std::vector<Hunk> hunks;
    std::uint32_t patch_line = 0;  // of its first header line

    [[nodiscard]] const std::string& path() const { return new_path.empty() ? old_path : new_path; }
};

struct Patch {
    std::vector<FilePatch> files;             // in the patch's order; the same file may come more than once
    std::string name;                         // for messages
    std::shared_ptr<const std::string> text;  // what the views point into
};

// `name` is used in errors, whose detail is "NAME:LINE: what". A text of white space alone is a patch without files;
// any other text without a diff in it is an error.
Result<Patch> parse_patch(std::string text, std::string name, const PatchLimits& limits = {});

// Lines that the patch adds, per file that remains after it; files in order of first appearance, with those that only
// change mode, are empty or binary listed without lines.
AddedSource added_lines_of_patch(const Patch& patch);

}  // namespace assay::verify

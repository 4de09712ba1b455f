// A submission as the study's verifiers see it: file names and, per file, the text of its added lines.
//
// The study works on the text of a `git diff`, line by line, without a diff parser. What that does to odd input is
// part of parity, so it is done here in the same way, and only here:
// - a file begins at a line "diff --git a/X b/"; X ends at the first " b/". Other diffs have no files at all;
//   a quoted header is not seen, so its lines belong to the file before it;
// - an added line begins with '+', except when it begins with "+++" or "---"; the first '+' is dropped;
// - every line break that Python's str.splitlines knows ends a line (form feed, U+2028, a lone carriage return ...),
//   and what follows it no longer begins with '+': it is lost;
// - a file that comes twice counts twice in the list of names, and its last text counts.
// Line numbers are ours, from the hunk headers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "harness/verify/added.h"

namespace assay::verify::paper {

// A text with the way back from an offset to file and line.
struct Text {
    struct Line {
        std::size_t offset = 0;    // where it begins in `text`
        std::uint32_t number = 0;  // in the new file; 0 = unknown
        std::uint32_t file = 0;    // index into `paths`
    };
    std::string text;
    std::vector<Line> lines;  // ascending offsets
    std::vector<std::string> paths;

    void add_line(std::string_view line, std::uint32_t number, std::uint32_t file);
    void add_all(const Text& other);
    [[nodiscard]] const Line* line_at(std::size_t offset) const;  // null in an empty text
    [[nodiscard]] std::string_view line_text(const Line& line) const;
};

struct View {
    std::vector<std::string> listed;  // every file of the patch, in its order, repeats included
    std::vector<Text> files;          // one path each
};

View view_of_patch(std::string_view patch);
View view_of_tree(const AddedSource& tree);

// All files in one text, lines joined, without lock files: package-lock.json, yarn.lock, pnpm-lock.yaml.
Text without_lock_files(const View& view);

// The names of the directories on the way to `path`, ASCII lower case.
std::vector<std::string> directories_of(std::string_view path);

}  // namespace assay::verify::paper

// Added lines: what a submission wrote, as (file, line number in the new file, text).
//
// Views point into `backing`, which the value owns; a copy shares it. Immutable once made, so threads may share it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace assay::verify {

struct AddedLine {
    std::uint32_t number = 0;  // in the new file, 1-based
    std::string_view text;     // without the newline; a carriage return before it is kept
};

struct AddedFile {
    std::string path;  // as in the submission: relative, '/' between components
    std::vector<AddedLine> lines;
};

struct AddedSource {
    std::vector<AddedFile> files;  // empty and binary files are listed, without lines
    std::vector<std::shared_ptr<const std::string>> backing;
};

}  // namespace assay::verify

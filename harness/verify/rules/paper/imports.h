// The imports that the study's first verifier sees; clean_architecture.h says which forms.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace assay::verify::paper {

struct Import {
    std::size_t at = 0;       // offset of the word from, import or require
    std::string_view target;  // X, as written
    std::size_t end = 0;      // first offset after the match
};

// In order of form, then of place. Linear in the text.
std::vector<Import> imports_in(std::string_view text);

}  // namespace assay::verify::paper

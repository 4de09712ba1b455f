// Matchers over untrusted text, each linear in its input: Python's \s and \w, and a few shapes built on them.
//
// A position is a byte offset; npos means no match. Non-ASCII bytes count as word characters, but for the spaces of
// Unicode; case is folded for ASCII alone.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace assay::verify::paper {

inline constexpr std::size_t npos = std::string_view::npos;

std::size_t space_at(std::string_view text, std::size_t pos);     // bytes of the white space at pos, 0 = none
std::size_t skip_spaces(std::string_view text, std::size_t pos);  // the first position that is not white space
bool word_at(std::string_view text, std::size_t pos);             // a letter, digit or '_'

inline bool quote_at(std::string_view text, std::size_t pos) {
    return pos < text.size() && (text[pos] == '\'' || text[pos] == '"');
}

bool same_at(std::string_view text, std::size_t pos, std::string_view word);
bool after_space(std::string_view text, std::size_t pos);  // white space, or the beginning, stands before pos

// ASCII letters in lower case, so that a search that ignores case is a plain search in the copy; offsets stay.
std::string lowered(std::string_view text);

}  // namespace assay::verify::paper

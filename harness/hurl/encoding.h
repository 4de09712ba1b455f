// Texts and bytes in other forms: percent-encoding, HTML's entities, character sets.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace assay::hurl {

// All but letters, digits and "-._~" escaped, and "/" when `keep_slash`.
std::string url_encode(std::string_view text, bool keep_slash);
std::string url_decode(std::string_view text);  // what is no escape stays

std::string html_escape(std::string_view text);
// Every entity of HTML 5, with or without its semicolon as HTML allows, and numbers.
std::string html_unescape(std::string_view text);

// What is not UTF-8 becomes U+FFFD.
std::string utf8_lossy(std::string_view bytes);

// A character set by its name on the web ("latin1" is windows-1252 there).
enum class CharsetTrouble { unknown, undecodable };
struct Decoded {
    std::string text;     // UTF-8
    std::string charset;  // its proper name
    std::optional<CharsetTrouble> trouble;
};
Decoded decode_charset(std::string_view bytes, std::string_view label);

}  // namespace assay::hurl

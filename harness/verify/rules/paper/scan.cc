#include "harness/verify/rules/paper/scan.h"

namespace assay::verify::paper {
std::size_t space_at(std::string_view text, std::size_t pos) {
    if (pos >= text.size()) return 0;
    const auto c = static_cast<unsigned char>(text[pos]);
    if (c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1C && c <= 0x1F)) return 1;
    if (c < 0x80) return 0;
    const std::string_view two = text.substr(pos, 2);
    if (two == "\xC2\x85" || two == "\xC2\xA0") return 2;
    const std::string_view three = text.substr(pos, 3);
    if (three.size() < 3) return 0;
    if (three == "\xE1\x9A\x80" || three == "\xE3\x80\x80" || three == "\xE2\x81\x9F") return 3;
    if (three.starts_with("\xE2\x80")) {
        const auto last = static_cast<unsigned char>(three[2]);
        if ((last >= 0x80 && last <= 0x8A) || last == 0xA8 || last == 0xA9 || last == 0xAF) return 3;
    }
    return 0;
}

std::size_t skip_spaces(std::string_view text, std::size_t pos) {
    while (std::size_t width = space_at(text, pos)) pos += width;
    return pos;
}

bool word_at(std::string_view text, std::size_t pos) {
    if (pos >= text.size()) return false;
    const char c = text[pos];
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_') return true;
    return (static_cast<unsigned char>(c) & 0x80) != 0 && space_at(text, pos) == 0;
}

bool same_at(std::string_view text, std::size_t pos, std::string_view word) {
    return pos <= text.size() && text.substr(pos).starts_with(word);
}

bool after_space(std::string_view text, std::size_t pos) {
    if (pos == 0) return true;
    for (std::size_t width = 1; width <= 3 && width <= pos; ++width)
        if (space_at(text, pos - width) == width) return true;
    return false;
}

std::string lowered(std::string_view text) {
    std::string copy(text);
    for (char& c : copy)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return copy;
}

}  // namespace assay::verify::paper

#include "harness/report/plain_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace assay::report {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// Length of the valid UTF-8 character at `at`, 0 when there is none (RFC 3629: no surrogates, no overlong forms).
std::size_t character(std::string_view text, std::size_t at, char32_t& code) {
    const auto byte = [&](std::size_t ahead) {
        return at + ahead < text.size() ? static_cast<unsigned char>(text[at + ahead]) : 0u;
    };
    const unsigned lead = byte(0);
    if (lead < 0x80) return code = lead, 1;
    const std::size_t length = lead >= 0xc2 && lead < 0xe0   ? 2
                               : lead >= 0xe0 && lead < 0xf0 ? 3
                               : lead >= 0xf0 && lead < 0xf5 ? 4
                                                             : 0;
    if (length == 0) return 0;
    code = lead & (0xffu >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xc0) != 0x80) return 0;
        code = (code << 6) | (byte(i) & 0x3f);
    }
    const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
    return overlong || (code >= 0xd800 && code < 0xe000) || code > 0x10ffff ? 0 : length;
}

// Each valid character goes to `write(text, code)`, each other byte as U+FFFD.
template <typename Write>
void each_character(std::string_view bytes, Write write) {
    for (std::size_t at = 0; at < bytes.size();) {
        char32_t code = 0xfffd;
        const std::size_t length = character(bytes, at, code);
        if (length == 0)
            write(kReplacement, U'\xfffd');
        else
            write(bytes.substr(at, length), code);
        at += std::max<std::size_t>(length, 1);
    }
}

}  // namespace

std::string valid_utf8(std::string_view bytes) {
    std::string out;
    each_character(bytes, [&](std::string_view text, char32_t) { out += text; });
    return out;
}

std::string xml_text(std::string_view bytes) {
    std::string out;
    each_character(bytes, [&](std::string_view text, char32_t code) {
        switch (code) {
            case '&': out += "&amp;"; return;
            case '<': out += "&lt;"; return;
            case '>': out += "&gt;"; return;
            case '"': out += "&quot;"; return;
            case '\'': out += "&#39;"; return;
            case '\n': out += "&#10;"; return;  // attributes keep their line breaks
            case '\t': out += "&#9;"; return;
            case '\r': out += "&#13;"; return;
            default: break;
        }
        const bool forbidden = code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0xfffe || code == 0xffff;
        out += forbidden ? kReplacement : text;
    });
    return out;
}

std::string terminal_text(std::string_view bytes, bool lines) {
    std::string out;
    each_character(bytes, [&](std::string_view text, char32_t code) {
        // Also what turns the direction of writing: it can make a line say something else.
        const bool turns = code == 0x200e || code == 0x200f || code == 0x2028 || code == 0x2029 ||
                           (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
        if (code == '\n' && !lines)
            out += "\\n";
        else if (code == '\t' || code == '\n')
            out += text;
        else if (code < 0x20 || (code >= 0x7f && code < 0xa0))
            out += fmt::format("\\x{:02x}", static_cast<unsigned>(code));
        else if (turns)
            out += fmt::format("\\u{:04x}", static_cast<unsigned>(code));
        else
            out += text;
    });
    return out;
}

std::string shell_word(std::string_view bytes) {
    const auto plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("-_./:@%+=,").find(c) != std::string_view::npos;
    };
    if (!bytes.empty() && std::all_of(bytes.begin(), bytes.end(), plain)) return std::string(bytes);
    const bool control = valid_utf8(bytes) != bytes || std::any_of(bytes.begin(), bytes.end(), [](char c) {
                             return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
                         });
    std::string word = control ? "$'" : "'";
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        if (control && (byte < 0x20 || byte >= 0x7f))
            word += fmt::format("\\x{:02x}", byte);
        else if (control && (c == '\'' || c == '\\'))
            word.append("\\").append(1, c);
        else if (c == '\'')
            word += "'\\''";
        else
            word += c;
    }
    return word + "'";
}

std::string shortened(std::string_view text, std::size_t most) {
    if (text.size() <= most) return std::string(text);
    std::size_t end = most;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    return std::string(text.substr(0, end)) + fmt::format("... ({} bytes more)", text.size() - end);
}

}  // namespace assay::report

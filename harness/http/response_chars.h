// Character classes and flags of the response parser; private to harness/http/response_*.cc.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace assay::http::parsing {

inline constexpr std::uint64_t kHeaderLimit = 16 * 1024;     // Node's default: names, values, reason phrase
inline constexpr std::uint64_t kExtensionLimit = 16 * 1024;  // ... and chunk extensions of one chunk
inline constexpr std::size_t kFieldLimit = 1000;             // Node shows no more; the others still steer the parser

// What the fields of a message have said.
enum Flag : unsigned {
    kKeepAlive = 1,
    kClose = 2,
    kConnectionUpgrade = 4,
    kUpgrade = 8,
    kChunked = 16,
    kContentLength = 32,
    kTransferEncoding = 64,
    kSkipBody = 128
};

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

enum Class : std::uint8_t {
    kToken = 1,   // header names, chunk extensions
    kValue = 2,   // header values: blanks, printable, and all above 0x7F
    kListed = 4,  // kValue without ',': an element of a list
    kQuoted = 8,  // kValue without '"' and '\\'
};

inline constexpr std::array<std::uint8_t, 256> kClasses = [] {
    std::array<std::uint8_t, 256> classes{};
    const auto add = [&classes](unsigned c, unsigned what) {
        classes[c] = static_cast<std::uint8_t>(classes[c] | what);
    };
    for (unsigned c = 0; c < 256; ++c) {
        const char l = lower(static_cast<char>(c));
        if (is_digit(l) || (l >= 'a' && l <= 'z')) add(c, kToken);
        if (c != '\t' && (c < 32 || c == 127)) continue;
        add(c, kValue);
        if (c != ',') add(c, kListed);
        if (c != '"' && c != '\\') add(c, kQuoted);
    }
    for (char c : std::string_view("!#$%&'*+-.^_`|~")) add(static_cast<unsigned char>(c), kToken);
    return classes;
}();

inline bool is(char c, Class what) { return (kClasses[static_cast<unsigned char>(c)] & what) != 0; }

// llhttp's names of what it refuses.
inline constexpr std::string_view kInvalidToken = "HPE_INVALID_HEADER_TOKEN";
inline constexpr std::string_view kStrict = "HPE_STRICT";
inline constexpr std::string_view kNoCr = "HPE_CR_EXPECTED";
inline constexpr std::string_view kBadLength = "HPE_INVALID_CONTENT_LENGTH";

}  // namespace assay::http::parsing

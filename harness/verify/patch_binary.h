// Git's binary patches: base 85, zlib, and the delta program.
//
// Source of the formats: git's documentation of the pack delta, and its base 85 alphabet. Every size is checked
// before anything of that size is allocated.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace assay::verify {

// One line's text, without its length letter; nothing when a character or the length is wrong.
std::optional<std::string> decode_base85(std::string_view text, std::size_t bytes);

// Bytes that a line with this length letter holds: A..Z 1..26, a..z 27..52; 0 for any other.
std::size_t line_bytes(char letter);

// Exactly `size` bytes, or nothing.
std::optional<std::string> inflate_exactly(std::string_view deflated, std::uint64_t size);

// What `delta` makes of `old`; nothing when it is malformed, meant for another old size, or makes more than `limit`.
std::optional<std::string> apply_delta(std::string_view old, std::string_view delta, std::uint64_t limit);

}  // namespace assay::verify

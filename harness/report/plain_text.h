// Text of servers made harmless for where it is shown. Each function takes any bytes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace assay::report {

// Invalid UTF-8 becomes U+FFFD.
[[nodiscard]] std::string valid_utf8(std::string_view bytes);

// For XML 1.0 text and attributes in double quotes: markup escaped, what XML cannot hold becomes U+FFFD.
[[nodiscard]] std::string xml_text(std::string_view bytes);

// For HTML text and attributes: the same.
[[nodiscard]] inline std::string html_text(std::string_view bytes) { return xml_text(bytes); }

// For a terminal: controls (ANSI escapes begin with one) as \x1b, line breaks kept when `lines`.
[[nodiscard]] std::string terminal_text(std::string_view bytes, bool lines);

// One word of a POSIX shell; $'...' of bash where control characters must be written.
[[nodiscard]] std::string shell_word(std::string_view bytes);

// At most `most` bytes, cut between characters, and how many are left out.
[[nodiscard]] std::string shortened(std::string_view text, std::size_t most);

}  // namespace assay::report

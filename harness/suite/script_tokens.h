// Tokens of a JavaScript text, as far as script_outline.cc needs them. Internal to this room.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace assay::suite {

struct Token {
    enum class Kind { name, number, text, template_text, regex, punct };
    Kind kind = Kind::punct;
    std::string text;                 // of a text its value; of a template the part before the first ${
    std::vector<std::string> pieces;  // of a template with ${}: expression, text, expression, text ...
    std::uint32_t line = 1;

    [[nodiscard]] bool is(std::string_view punct) const { return kind == Kind::punct && text == punct; }
    [[nodiscard]] bool named(std::string_view word) const { return kind == Kind::name && text == word; }
};

// Any text gives tokens; what is not JavaScript gives some that mean nothing.
std::vector<Token> tokens_of(std::string_view source);

}  // namespace assay::suite

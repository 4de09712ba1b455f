// Evidence: places in a text that speak for a database or an ORM. Shared by the study's second and third verifier.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/verify/rules/paper/view.h"
#include "harness/verify/verdict.h"

namespace assay::verify::paper {

// The text as it is, and in lower case for patterns that ignore case; the same offsets.
struct Subject {
    std::string_view text;
    std::string_view lower;
};

struct Pattern {
    const char* name;                                  // what a match is, as a noun phrase
    std::size_t (*find)(const Subject&, std::size_t);  // first match at or after an offset, npos = none
};

struct Evidence {
    std::size_t pattern = 0;  // index of the pattern
    std::size_t at = 0;       // offset of the match
};

// Every match, at most one a line and pattern, and kMaxFindings a pattern; in order of place.
std::vector<Evidence> collect(const Subject& subject, std::span<const Pattern> patterns);

void add_evidence(RuleVerdict& verdict, const Text& source, const Evidence& evidence, Weight weight,
                  const std::string& message);

// Shapes that patterns are made of; each only moves forward. The match begins at the position returned.
std::size_t find_import(std::string_view text, std::string_view module, std::size_t from);       // import MODULE
std::size_t find_from_import(std::string_view text, std::string_view module, std::size_t from);  // from MODULE import
std::size_t find_quoted(std::string_view text, std::string_view word, std::size_t from);
// KEY, then ':' or '=', then VALUE in quotes, with or without SUFFIX; white space between. A quote after KEY is no
// match.
std::size_t find_setting(std::string_view text, std::string_view key, std::string_view value, std::string_view suffix,
                         std::size_t from);

}  // namespace assay::verify::paper

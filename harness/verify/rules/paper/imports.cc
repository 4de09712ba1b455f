#include "harness/verify/rules/paper/imports.h"

#include <algorithm>
#include <optional>

#include "harness/verify/rules/paper/scan.h"

namespace assay::verify::paper {
namespace {

// A quoted X at `pos`: at least one character up to the next quote of either kind, over lines too.
std::optional<Import> quoted(std::string_view text, std::size_t pos) {
    if (!quote_at(text, pos)) return std::nullopt;
    const std::size_t end = text.find_first_of("'\"", pos + 1);
    if (end == npos || end == pos + 1) return std::nullopt;
    return Import{0, text.substr(pos + 1, end - pos - 1), end + 1};
}

// X of word characters and dots at `pos`; npos when empty, else its end.
std::size_t dotted_end(std::string_view text, std::size_t pos) {
    std::size_t end = pos;
    while (word_at(text, end) || (end < text.size() && text[end] == '.')) ++end;
    return end == pos ? npos : end;
}

std::optional<Import> from_import(std::string_view text, std::size_t at) {
    if (!same_at(text, at, "from")) return std::nullopt;
    const std::size_t name = skip_spaces(text, at + 4);
    const std::size_t end = dotted_end(text, name);
    if (name == at + 4 || end == npos) return std::nullopt;
    const std::size_t word = skip_spaces(text, end);
    if (word == end || !same_at(text, word, "import")) return std::nullopt;
    return Import{at, text.substr(name, end - name), word + 6};
}

std::optional<Import> plain_import(std::string_view text, std::size_t at) {
    if (!same_at(text, at, "import")) return std::nullopt;
    const std::size_t name = skip_spaces(text, at + 6);
    const std::size_t end = dotted_end(text, name);
    if (name == at + 6 || end == npos) return std::nullopt;
    return Import{at, text.substr(name, end - name), end};
}

// `from`, white space and a quoted X, at the word `from` itself.
std::optional<Import> from_quoted(std::string_view text, std::size_t word) {
    if (!same_at(text, word, "from")) return std::nullopt;
    const std::size_t quote = skip_spaces(text, word + 4);
    return quote == word + 4 ? std::nullopt : quoted(text, quote);
}

std::optional<Import> import_from(std::string_view text, std::size_t at) {
    if (!same_at(text, at, "import")) return std::nullopt;
    const std::size_t names = skip_spaces(text, at + 6);
    if (names == at + 6) return std::nullopt;
    auto found = [&](std::size_t word) {
        auto import = from_quoted(text, word);
        if (import) import->at = at;
        return import;
    };
    // Each `from` after white space on the line of the names, and the first word after that line.
    std::size_t pos = names;
    while (pos < text.size() && text[pos] != '\n') {
        if (space_at(text, pos) == 0) {
            ++pos;
            continue;
        }
        const std::size_t word = skip_spaces(text, pos);
        if (auto import = found(word)) return import;
        if (text.substr(pos, word - pos).find('\n') != npos) break;
        pos = word;
    }
    if (pos < text.size() && text[pos] == '\n')
        if (auto import = found(skip_spaces(text, pos))) return import;
    // Nothing between the two words but white space, of which each of them needs one.
    if (names > at + 6 + space_at(text, at + 6)) return found(names);
    return std::nullopt;
}

std::optional<Import> require_call(std::string_view text, std::size_t at) {
    auto import = quoted(text, skip_spaces(text, at + 8));
    if (!import) return std::nullopt;
    const std::size_t close = skip_spaces(text, import->end);
    if (!same_at(text, close, ")")) return std::nullopt;
    return Import{at, import->target, close + 1};
}

// Tries `form` at the first word of each line, from left to right, never inside a match.
template <typename Form>
void at_line_starts(std::string_view text, Form form, std::vector<Import>& imports) {
    for (std::size_t line = 0; line <= text.size();) {
        const std::size_t word = skip_spaces(text, line);
        std::size_t resume = word;
        if (auto import = form(text, word)) {
            imports.push_back(*import);
            resume = import->end;
        }
        const std::size_t next = text.find('\n', resume);
        if (next == npos) return;
        line = next + 1;
    }
}

}  // namespace

std::vector<Import> imports_in(std::string_view text) {
    std::vector<Import> imports;
    at_line_starts(text, from_import, imports);
    at_line_starts(text, plain_import, imports);
    constexpr std::string_view kRequire = "require(";
    for (auto at = text.find(kRequire); at != npos;) {
        const auto import = require_call(text, at);
        if (import) imports.push_back(*import);
        at = text.find(kRequire, import ? import->end : at + 1);
    }
    at_line_starts(text, import_from, imports);
    return imports;
}

}  // namespace assay::verify::paper

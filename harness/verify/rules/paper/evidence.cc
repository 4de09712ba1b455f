#include "harness/verify/rules/paper/evidence.h"

#include <algorithm>

#include "harness/verify/rules/paper/scan.h"

namespace assay::verify::paper {

std::vector<Evidence> collect(const Subject& subject, std::span<const Pattern> patterns) {
    std::vector<Evidence> all;
    for (std::size_t i = 0; i < patterns.size(); ++i) {
        std::size_t kept = 0;
        for (std::size_t at = 0; kept < kMaxFindings; ++kept) {
            at = patterns[i].find(subject, at);
            if (at == npos) break;
            all.push_back({i, at});
            at = subject.text.find('\n', at);  // one finding a line
            if (at == npos) break;
        }
    }
    std::stable_sort(all.begin(), all.end(), [](const Evidence& a, const Evidence& b) { return a.at < b.at; });
    return all;
}

void add_evidence(RuleVerdict& verdict, const Text& source, const Evidence& evidence, Weight weight,
                  const std::string& message) {
    const Text::Line* line = source.line_at(evidence.at);
    add_finding(verdict,
                {{}, weight, source.paths[line->file], line->number, message, excerpt(source.line_text(*line))});
}

std::size_t find_import(std::string_view text, std::string_view module, std::size_t from) {
    for (std::size_t at = text.find("import", from); at != npos; at = text.find("import", at + 1)) {
        const std::size_t name = skip_spaces(text, at + 6);
        if (name > at + 6 && same_at(text, name, module) && after_space(text, at)) return at;
    }
    return npos;
}

std::size_t find_from_import(std::string_view text, std::string_view module, std::size_t from) {
    for (std::size_t at = text.find("from", from); at != npos; at = text.find("from", at + 1)) {
        const std::size_t name = skip_spaces(text, at + 4);
        if (name == at + 4 || !same_at(text, name, module)) continue;
        const std::size_t end = name + module.size();
        const std::size_t word = skip_spaces(text, end);
        if (word > end && same_at(text, word, "import")) return at;
    }
    return npos;
}

std::size_t find_quoted(std::string_view text, std::string_view word, std::size_t from) {
    for (std::size_t at = text.find(word, from); at != npos; at = text.find(word, at + 1))
        if (at > from && quote_at(text, at - 1) && quote_at(text, at + word.size())) return at - 1;
    return npos;
}

std::size_t find_setting(std::string_view text, std::string_view key, std::string_view value, std::string_view suffix,
                         std::size_t from) {
    for (std::size_t at = text.find(key, from); at != npos; at = text.find(key, at + 1)) {
        std::size_t pos = skip_spaces(text, at + key.size());
        if (pos >= text.size() || (text[pos] != ':' && text[pos] != '=')) continue;
        pos = skip_spaces(text, pos + 1);
        if (!quote_at(text, pos) || !same_at(text, pos + 1, value)) continue;
        pos += 1 + value.size();
        if (!suffix.empty() && same_at(text, pos, suffix)) pos += suffix.size();
        if (quote_at(text, pos)) return at;
    }
    return npos;
}

}  // namespace assay::verify::paper

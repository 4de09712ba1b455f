#include "harness/verify/rules/paper/orm.h"

#include <array>

#include "harness/verify/rules/paper/evidence.h"
#include "harness/verify/rules/paper/scan.h"

namespace assay::verify::paper {
namespace {

constexpr std::string_view kPackage = "sequelize";

bool quoted_package_at(std::string_view text, std::size_t pos) {
    return quote_at(text, pos) && same_at(text, pos + 1, kPackage) && quote_at(text, pos + 1 + kPackage.size());
}
constexpr std::size_t kQuotedLength = kPackage.size() + 2;

std::size_t find_require(const Subject& s, std::size_t from) {
    constexpr std::string_view kCall = "require(";
    for (std::size_t at = s.lower.find(kCall, from); at != npos; at = s.lower.find(kCall, at + 1)) {
        const std::size_t quote = skip_spaces(s.lower, at + kCall.size());
        if (quoted_package_at(s.lower, quote) && same_at(s.lower, skip_spaces(s.lower, quote + kQuotedLength), ")"))
            return at;
    }
    return npos;
}

std::size_t find_from(const Subject& s, std::size_t from) {
    for (std::size_t at = s.lower.find("from", from); at != npos; at = s.lower.find("from", at + 1)) {
        const std::size_t quote = skip_spaces(s.lower, at + 4);
        if (quote > at + 4 && quoted_package_at(s.lower, quote)) return at;
    }
    return npos;
}

std::size_t find_key(const Subject& s, std::size_t from) {
    for (std::size_t at = find_quoted(s.lower, kPackage, from); at != npos; at = find_quoted(s.lower, kPackage, at + 1))
        if (same_at(s.lower, skip_spaces(s.lower, at + kQuotedLength), ":")) return at;
    return npos;
}

std::size_t find_constructor(const Subject& s, std::size_t from) {
    for (std::size_t at = s.lower.find("new", from); at != npos; at = s.lower.find("new", at + 1)) {
        const std::size_t name = skip_spaces(s.lower, at + 3);
        if (name > at + 3 && same_at(s.lower, name, kPackage) &&
            same_at(s.lower, skip_spaces(s.lower, name + kPackage.size()), "("))
            return at;
    }
    return npos;
}

constexpr std::array kSqlalchemy{
    Pattern{"the word sqlalchemy", [](const Subject& s, std::size_t at) { return s.lower.find("sqlalchemy", at); }},
};
constexpr std::array kSequelize{
    Pattern{"sequelize required", find_require},
    Pattern{"sequelize imported", find_from},
    Pattern{"a quoted sequelize key", find_key},
    Pattern{"a Sequelize instance", find_constructor},
};

}  // namespace

RuleVerdict orm(const View& view, Orm expected) {
    RuleVerdict verdict;
    verdict.rule = kOrm;
    verdict.applicable = true;
    const auto patterns =
        expected == Orm::sqlalchemy ? std::span<const Pattern>(kSqlalchemy) : std::span<const Pattern>(kSequelize);
    const char* title = expected == Orm::sqlalchemy ? "SQLAlchemy" : "Sequelize";

    const Text source = without_lock_files(view);
    const std::string lower = lowered(source.text);
    const auto found = collect({source.text, lower}, patterns);
    for (const Evidence& e : found)
        add_evidence(verdict, source, e, Weight::supports,
                     std::string(patterns[e.pattern].name) + ", evidence of " + title);
    verdict.holds = !found.empty();
    verdict.summary = std::string(found.empty() ? "no evidence of " : "evidence of ") + title;
    if (found.empty()) add_finding(verdict, {{}, Weight::breaks, {}, 0, verdict.summary, {}});
    return verdict;
}

}  // namespace assay::verify::paper

#include "harness/verify/rules/paper/database.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <vector>

#include "harness/verify/rules/paper/evidence.h"
#include "harness/verify/rules/paper/scan.h"

namespace assay::verify::paper {
namespace {

// SCHEME with or without SUFFIX, an optional "+driver", then the end: "://" or ":///".
std::size_t find_url(std::string_view text, std::string_view scheme, std::string_view suffix, std::string_view end,
                     std::size_t from) {
    for (std::size_t at = text.find(scheme, from); at != npos; at = text.find(scheme, at + 1)) {
        std::size_t pos = at + scheme.size();
        if (!suffix.empty() && same_at(text, pos, suffix)) pos += suffix.size();
        if (same_at(text, pos, "+")) {
            std::size_t driver = pos + 1;
            while (word_at(text, driver)) ++driver;
            if (driver > pos + 1) pos = driver;
        }
        if (same_at(text, pos, end)) return at;
    }
    return npos;
}

using Offset = std::size_t;
constexpr const char* kDjango = "a Django backend string";

constexpr std::array kSqlite{
    Pattern{"an import of sqlite3", [](const Subject& s, Offset at) { return find_import(s.text, "sqlite3", at); }},
    Pattern{"an import of sqlite3",
            [](const Subject& s, Offset at) { return find_from_import(s.text, "sqlite3", at); }},
    Pattern{"an import of aiosqlite", [](const Subject& s, Offset at) { return find_import(s.text, "aiosqlite", at); }},
    Pattern{"an import of aiosqlite",
            [](const Subject& s, Offset at) { return find_from_import(s.text, "aiosqlite", at); }},
    Pattern{"an SQLite URL", [](const Subject& s, Offset at) { return find_url(s.lower, "sqlite", "", ":///", at); }},
    Pattern{kDjango, [](const Subject& s, Offset at) { return s.lower.find("django.db.backends.sqlite3", at); }},
    Pattern{"a quoted sqlite3", [](const Subject& s, Offset at) { return find_quoted(s.lower, "sqlite3", at); }},
    Pattern{"a quoted better-sqlite3",
            [](const Subject& s, Offset at) { return find_quoted(s.lower, "better-sqlite3", at); }},
    Pattern{"the dialect sqlite",
            [](const Subject& s, Offset at) { return find_setting(s.lower, "dialect", "sqlite", "", at); }},
};

constexpr std::array kPostgres{
    Pattern{"psycopg2", [](const Subject& s, Offset at) { return s.text.find("psycopg2", at); }},
    Pattern{"an import of asyncpg", [](const Subject& s, Offset at) { return find_import(s.text, "asyncpg", at); }},
    Pattern{"an import of asyncpg",
            [](const Subject& s, Offset at) { return find_from_import(s.text, "asyncpg", at); }},
    Pattern{"a PostgreSQL URL",
            [](const Subject& s, Offset at) { return find_url(s.lower, "postgres", "ql", "://", at); }},
    Pattern{"SQLAlchemy's PostgreSQL dialect",
            [](const Subject& s, Offset at) { return s.lower.find("sqlalchemy.dialects.postgresql", at); }},
    Pattern{kDjango, [](const Subject& s, Offset at) { return s.lower.find("django.db.backends.postgresql", at); }},
    Pattern{"a quoted pg", [](const Subject& s, Offset at) { return find_quoted(s.text, "pg", at); }},
    Pattern{"a quoted pg-promise", [](const Subject& s, Offset at) { return find_quoted(s.lower, "pg-promise", at); }},
    Pattern{"the dialect postgres",
            [](const Subject& s, Offset at) { return find_setting(s.lower, "dialect", "postgres", "ql", at); }},
    Pattern{"the host postgres",
            [](const Subject& s, Offset at) { return find_setting(s.lower, "host", "postgres", "", at); }},
};

std::span<const Pattern> patterns_of(Database database) {
    return database == Database::sqlite ? std::span<const Pattern>(kSqlite) : std::span<const Pattern>(kPostgres);
}

const char* title(Database database) { return database == Database::sqlite ? "SQLite" : "PostgreSQL"; }

}  // namespace

RuleVerdict database(const View& view, Database expected) {
    RuleVerdict verdict;
    verdict.rule = kDatabase;
    verdict.applicable = true;
    const Database other = expected == Database::sqlite ? Database::postgres : Database::sqlite;

    const Text source = without_lock_files(view);
    const std::string lower = lowered(source.text);
    const Subject subject{source.text, lower};
    const auto wanted = collect(subject, patterns_of(expected));
    const auto unwanted = collect(subject, patterns_of(other));

    const auto is_django = [&](const Evidence& e) { return patterns_of(other)[e.pattern].name == kDjango; };
    const bool forgiven = !wanted.empty() && std::all_of(unwanted.begin(), unwanted.end(), is_django);
    for (const Evidence& e : unwanted) {
        const std::string what = std::string(patterns_of(other)[e.pattern].name) + ", evidence of " + title(other);
        add_evidence(verdict, source, e, forgiven ? Weight::forgiven : Weight::breaks,
                     forgiven ? what + ", forgiven as the only kind of it" : what);
    }
    if (wanted.empty()) {
        add_finding(verdict, {{}, Weight::breaks, {}, 0, std::string("no evidence of ") + title(expected), {}});
    }
    for (const Evidence& e : wanted) {
        add_evidence(verdict, source, e, Weight::supports,
                     std::string(patterns_of(expected)[e.pattern].name) + ", evidence of " + title(expected));
    }
    verdict.holds = !wanted.empty() && (unwanted.empty() || forgiven);
    verdict.summary = std::string(wanted.empty() ? "no evidence of " : "evidence of ") + title(expected) +
                      (unwanted.empty() ? ", none of "
                       : forgiven       ? ", a forgiven Django backend of "
                                        : ", and evidence of ") +
                      title(other);
    return verdict;
}

}  // namespace assay::verify::paper

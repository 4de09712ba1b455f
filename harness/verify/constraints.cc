#include "harness/verify/constraints.h"

namespace assay::verify {
namespace {

constexpr std::string_view kSpec = "-openapi-";
constexpr const char* kRemedy =
    "name it {framework}-openapi-{constraints joined by -}, with constraints of clean_architecture, sqlite, postgres, "
    "sqlalchemy, sequelize, or unconstrained alone";

std::string_view without_kind(std::string_view name) {
    for (std::string_view kind : {"uv-", "node-"})
        if (name.starts_with(kind) && name.find(kSpec) > kind.size()) return name.substr(kind.size());
    return name;
}

tl::unexpected<Error> bad(std::string_view name, const std::string& what) {
    return fail("read task name", "\"" + std::string(name) + "\": " + what, kRemedy);
}

}  // namespace

int Constraints::level() const {
    return static_cast<int>(clean_architecture) + static_cast<int>(database.has_value()) +
           static_cast<int>(orm.has_value());
}

std::string Constraints::set() const {
    std::string words;
    auto add = [&](const char* word) { words += (words.empty() ? "" : "-") + std::string(word); };
    if (clean_architecture) add("clean_architecture");
    if (database) add(name_of(*database));
    if (orm) add(name_of(*orm));
    return words.empty() ? "unconstrained" : words;
}

const char* name_of(Database database) { return database == Database::sqlite ? "sqlite" : "postgres"; }
const char* name_of(Orm orm) { return orm == Orm::sqlalchemy ? "sqlalchemy" : "sequelize"; }

bool has_constraint_form(std::string_view name) {
    const auto at = without_kind(name).find(kSpec);
    return at != std::string_view::npos && at > 0;
}

Result<Constraints> parse_task_name(std::string_view name) {
    const std::string_view plain = without_kind(name);
    const auto at = plain.find(kSpec);
    if (at == std::string_view::npos || at == 0) return bad(name, "no framework before \"-openapi-\"");

    Constraints found;
    found.framework = plain.substr(0, at);
    std::string_view rest = plain.substr(at + kSpec.size());
    if (rest == "unconstrained") return found;
    for (;;) {
        const std::string_view word = rest.substr(0, rest.find('-'));
        const std::string quoted = "\"" + std::string(word) + "\"";
        if (word == "clean_architecture") {
            if (found.clean_architecture) return bad(name, quoted + " stands twice");
            found.clean_architecture = true;
        } else if (word == "sqlite" || word == "postgres") {
            if (found.database) return bad(name, "a second database, " + quoted);
            found.database = word == "sqlite" ? Database::sqlite : Database::postgres;
        } else if (word == "sqlalchemy" || word == "sequelize") {
            if (found.orm) return bad(name, "a second ORM, " + quoted);
            found.orm = word == "sqlalchemy" ? Orm::sqlalchemy : Orm::sequelize;
        } else {
            return bad(name, "unknown constraint " + quoted);
        }
        if (word.size() == rest.size()) return found;
        rest.remove_prefix(word.size() + 1);
    }
}

}  // namespace assay::verify

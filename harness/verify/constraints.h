// What a task's name says about its constraints: {framework}-openapi-{constraints joined by '-'}.
//
// Source: the constraint-decay study (arXiv 2605.06445). Level = number of constraints, 0 to 3.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace assay::verify {

enum class Database { sqlite, postgres };
enum class Orm { sqlalchemy, sequelize };

struct Constraints {
    std::string framework;  // "flask", "express", ...: any name is taken
    bool clean_architecture = false;
    std::optional<Database> database;
    std::optional<Orm> orm;

    [[nodiscard]] int level() const;
    [[nodiscard]] std::string set() const;  // "clean_architecture-sqlite", "unconstrained"
    bool operator==(const Constraints&) const = default;
};

const char* name_of(Database database);
const char* name_of(Orm orm);

// A leading "uv-" or "node-", as in the names of task files, is ignored. An unknown or repeated constraint, or
// two databases, is an error that names the word: a slip of the pen must not switch a verifier off.
Result<Constraints> parse_task_name(std::string_view name);

// For tasks that are named otherwise (feature tasks: "hard-focused-task-001"): true when `name` has the form above.
bool has_constraint_form(std::string_view name);

}  // namespace assay::verify

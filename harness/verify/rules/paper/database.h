// The study's second verifier: the database that the task asks for, and not the other one.
//
// It looks at all added lines together, without those of lock files. Case is ignored but where noted; \s is any white
// space, line breaks included; a quote is ' or ", each side on its own.
//
// SQLite: Python imports of sqlite3 or aiosqlite (case counts: "import" after white space or at the beginning, \s,
// the name; or "from", \s, the name, \s, "import"; what follows does not matter, nor does a comment sign before it);
// "sqlite:///" or "sqlite+driver:///"; "django.db.backends.sqlite3"; a quoted sqlite3 or better-sqlite3; dialect,
// then ':' or '=', then a quoted sqlite (a key in quotes is not seen: 'dialect': 'sqlite').
//
// PostgreSQL: psycopg2 anywhere (case counts); Python imports of asyncpg, as above; "postgres://", "postgresql://",
// each also with "+driver"; "sqlalchemy.dialects.postgresql"; "django.db.backends.postgresql"; a quoted pg (case
// counts) or pg-promise; dialect set to a quoted postgres or postgresql; host set to a quoted postgres.
//
// Holds when there is evidence of the expected one and none of the other. When all evidence of the other is the string
// of a Django backend, on however many lines, and the expected one has evidence, it is forgiven.
#pragma once

#include "harness/verify/constraints.h"
#include "harness/verify/rules/paper/view.h"
#include "harness/verify/verdict.h"

namespace assay::verify::paper {

inline constexpr const char* kDatabase = "paper/database";

RuleVerdict database(const View& view, Database expected);

}  // namespace assay::verify::paper

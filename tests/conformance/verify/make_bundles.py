#!/usr/bin/env python3
"""Writes bundles/: one NAME.patch and NAME.json each, from the table below.

What a bundle expects is written here by hand, from the rules in docs/decisions/paper-verifiers.md; this script only
spells out the patches. Run it after a change of the table and commit what it writes.

In an expectation, a finding is "FILE:LINE" ("FILE" when it has no line, "*" when it is about the whole submission).
`breaks` is always the complete list; `supports` and `forgiven` are complete where they are given.
"""
import json
import pathlib

OUT = pathlib.Path(__file__).resolve().parent / "bundles"
CA, DB, ORM = "paper/clean_architecture", "paper/database", "paper/orm"

ROUTES = ["routes", "handlers", "route", "handler", "routers", "views"]
SERVICES = ["services", "service", "usecases", "use_cases"]
MODELS = ["models", "model", "entities", "entity", "domain"]
REPOSITORIES = ["repositories", "repository", "repos", "data_access", "data", "dao", "dal"]

bundles = {}


def new_file(path, text, mode="100644"):
    """The diff of a file that did not exist. `text` is bytes-like; it may lack its last line break."""
    head = f"diff --git a/{path} b/{path}\nnew file mode {mode}\n"
    if text == "":
        return head + "index 0000000..e69de29\n"
    lines = text.split("\n")
    complete = lines[-1] == ""
    if complete:
        lines.pop()
    count = "" if len(lines) == 1 else f",{len(lines)}"
    body = "".join(f"+{line}\n" for line in lines)
    end = "" if complete else "\\ No newline at end of file\n"
    return f"{head}index 0000000..1111111\n--- /dev/null\n+++ b/{path}\n@@ -0,0 +1{count} @@\n{body}{end}"


def bundle(name, task, files, **expected):
    """`files` is a dict of path -> text, or the patch itself as a string."""
    assert name not in bundles, name
    patch = files if isinstance(files, str) else "".join(new_file(p, t) for p, t in files.items())
    rules = {"ca": CA, "db": DB, "orm": ORM}
    bundles[name] = (patch, {"task": task, "expected": {rules[key]: value for key, value in expected.items()}})


def verdict(holds, breaks=(), **others):
    return {"holds": holds, "breaks": list(breaks), **{key: list(value) for key, value in others.items()}}


HOLDS = verdict(True)
ARCHITECTURE = "flask-openapi-clean_architecture"
NODE_ARCHITECTURE = "express-openapi-clean_architecture"

# --- layers: each alias is needed for the third layer -----------------------------------------------------------

for alias in ROUTES:
    files = {f"{alias}/a.py": "x = 1\n", "services/b.py": "x = 1\n", "models/c.py": "x = 1\n"}
    bundle(f"layer-{alias}", ARCHITECTURE, files, ca=verdict(True, supports=list(files)))
for alias in SERVICES:
    files = {"routes/a.py": "x = 1\n", f"{alias}/b.py": "x = 1\n", "models/c.py": "x = 1\n"}
    bundle(f"layer-{alias}", ARCHITECTURE, files, ca=verdict(True, supports=list(files)))
for alias in MODELS:
    files = {"routes/a.py": "x = 1\n", "services/b.py": "x = 1\n", f"{alias}/c.py": "x = 1\n"}
    bundle(f"layer-{alias}", ARCHITECTURE, files, ca=verdict(True, supports=list(files)))
for alias in REPOSITORIES:
    files = {"routes/a.py": "x = 1\n", "services/b.py": "x = 1\n", f"{alias}/d.py": "x = 1\n"}
    bundle(f"layer-{alias}", ARCHITECTURE, files, ca=verdict(True, supports=list(files)))

# --- directions: each alias as what is imported, and as the importing file's layer --------------------------------

BASE = {"routes/a.py": "x = 1\n", "services/b.py": "x = 1\n", "models/c.py": "x = 1\n", "repositories/d.py": "x = 1\n"}
for alias in ROUTES:
    bundle(f"upward-to-{alias}", ARCHITECTURE, {**BASE, "services/b.py": f"import os\nfrom app.{alias}.user import x\n"},
           ca=verdict(False, ["services/b.py:2"]))
for alias in SERVICES:
    bundle(f"upward-to-{alias}", NODE_ARCHITECTURE, {**BASE, "repositories/d.js": f"const x = require('../{alias}/user');\n"},
           ca=verdict(False, ["repositories/d.js:1"]))
    bundle(f"upward-from-{alias}", ARCHITECTURE, {**BASE, f"src/{alias}/e.py": "from ..routes import x\n"},
           ca=verdict(False, [f"src/{alias}/e.py:1"]))
for alias in REPOSITORIES:
    bundle(f"upward-to-{alias}", NODE_ARCHITECTURE, {**BASE, "models/c.js": f"\nimport x from '../{alias}/user.js';\n"},
           ca=verdict(False, ["models/c.js:2"]))
    bundle(f"upward-from-{alias}", ARCHITECTURE, {**BASE, f"{alias}/e.py": "import services.user\n"},
           ca=verdict(False, [f"{alias}/e.py:1"]))
for alias in MODELS:
    bundle(f"upward-from-{alias}", ARCHITECTURE, {**BASE, f"{alias}/e.py": "from repositories import x\n"},
           ca=verdict(False, [f"{alias}/e.py:1"]))
    bundle(f"downward-to-{alias}", ARCHITECTURE, {**BASE, "repositories/d.py": f"from {alias} import x\n"}, ca=HOLDS)

bundle("downward-all", NODE_ARCHITECTURE, {
    "routes/a.js": "const s = require('../services/b');\nconst m = require('../models/c');\nrequire('../repositories/d');\n",
    "services/b.js": "import d from '../repositories/d';\nimport c from '../models/c';\n",
    "repositories/d.js": "import c from '../models/c';\n",
    "models/c.js": "import x from './x';\n"}, ca=HOLDS)
bundle("same-layer", ARCHITECTURE, {**BASE, "services/b.py": "from services.other import x\n",
                                    "routes/a.py": "from handlers.x import y\n"}, ca=HOLDS)
bundle("outside-any-layer", ARCHITECTURE, {**BASE, "app.py": "from routes.a import x\n", "config/x.py": "import services\n"},
       ca=HOLDS)
bundle("two-violations-in-two-files", ARCHITECTURE, {
    **BASE, "models/c.py": "from services.b import x\n", "repositories/d.py": "import os\n\nimport routes\n"},
    ca=verdict(False, ["models/c.py:1", "repositories/d.py:3"]))

# --- what counts as a layer ---------------------------------------------------------------------------------------

bundle("layers-two-only", ARCHITECTURE, {"routes/a.py": "x = 1\n", "services/b.py": "x = 1\n"},
       ca=verdict(False, ["*"], supports=["routes/a.py", "services/b.py"]))
bundle("layers-none", ARCHITECTURE, {"app.py": "x = 1\n"}, ca=verdict(False, ["*"], supports=[]))
bundle("layers-four", ARCHITECTURE, BASE,
       ca=verdict(True, supports=["routes/a.py", "services/b.py", "models/c.py", "repositories/d.py"]))
bundle("layer-file-name-is-no-directory", ARCHITECTURE, {"routes.py": "x = 1\n", "services/b.py": "x\n", "models/c.py": "x\n"},
       ca=verdict(False, ["*"], supports=["services/b.py", "models/c.py"]))
bundle("layer-near-names", ARCHITECTURE, {
    "routing/a.py": "x\n", "api_routes/a.py": "x\n", "routes2/a.py": "x\n", "servicess/b.py": "x\n", "use-cases/b.py": "x\n",
    "modelled/c.py": "x\n", "schemas/c.py": "x\n", "controllers/a.py": "x\n", "repo/d.py": "x\n", "database/d.py": "x\n",
    "view/a.py": "x\n", "router/a.py": "x\n"}, ca=verdict(False, ["*"], supports=[]))
bundle("layer-upper-case", ARCHITECTURE, {"src/Routes/a.py": "x\n", "SERVICES/b.py": "x\n", "Domain/c.py": "from Services import x\n"},
       ca=verdict(False, ["Domain/c.py:1"], supports=["src/Routes/a.py", "SERVICES/b.py", "Domain/c.py"]))
bundle("layer-deep", ARCHITECTURE, {"a/b/routes/c/d.py": "x\n", "a/b/services/c/d.py": "x\n", "a/b/models/c/d.py": "x\n"},
       ca=HOLDS)
# A path may show two layers; its own layer is the first in the order routes, services, models, repositories.
bundle("layer-two-in-one-path", ARCHITECTURE, {"services/models/x.py": "x\n", "routes/a.py": "x\n"},
       ca=verdict(True, supports=["routes/a.py", "services/models/x.py", "services/models/x.py"]))
bundle("layer-order-models-services", ARCHITECTURE, {**BASE, "models/services/x.py": "from services import y\n"}, ca=HOLDS)
bundle("layer-order-services-routes", ARCHITECTURE, {**BASE, "services/routes/x.py": "from routes import y\n"}, ca=HOLDS)
bundle("layer-order-repositories-models", ARCHITECTURE, {**BASE, "repositories/models/x.py": "from repositories import y\n"},
       ca=verdict(False, ["repositories/models/x.py:1"]))
bundle("layer-domain-services", ARCHITECTURE, {**BASE, "domain/services/x.py": "from services.b import y\n"}, ca=HOLDS)
bundle("layer-empty-file-counts", ARCHITECTURE, {"routes/__init__.py": "", "services/__init__.py": "", "models/__init__.py": ""},
       ca=HOLDS)

# --- forms of import: seen ----------------------------------------------------------------------------------------


def seen(name, path, text, line):
    bundle(name, ARCHITECTURE, {**BASE, path: text}, ca=verdict(False, [f"{path}:{line}"]))


def unseen(name, path, text):
    bundle(name, ARCHITECTURE, {**BASE, path: text}, ca=HOLDS)


seen("import-py-from", "models/x.py", "from services import b\n", 1)
seen("import-py-from-dotted", "models/x.py", "from app.services.users.core import b\n", 1)
seen("import-py-from-relative", "models/x.py", "from ..services import b\n", 1)
seen("import-py-from-relative-module", "models/x.py", "from .services.b import c\n", 1)
seen("import-py-from-spaces", "models/x.py", "from   services\timport  b\n", 1)
seen("import-py-from-parenthesis", "models/x.py", "from services import (\n    b,\n)\n", 1)
seen("import-py-plain", "models/x.py", "import services\n", 1)
seen("import-py-plain-dotted-as", "models/x.py", "import app.services.b as b\n", 1)
seen("import-py-indented", "models/x.py", "def f():\n    from services import b\n", 2)
seen("import-py-indented-plain", "models/x.py", "try:\n\timport routes\nexcept ImportError:\n    pass\n", 2)
seen("import-py-last-component", "models/x.py", "from app import models\nfrom app.lib.services import b\n", 2)
seen("import-py-in-docstring", "models/x.py", '"""\nfrom services import b\n"""\n', 2)
seen("import-py-importlib-word", "models/x.py", "from services importlib\n", 1)
seen("import-js-require", "models/x.js", "const b = require('../services/b');\n", 1)
seen("import-js-require-double-quotes", "models/x.js", 'const b = require("../services/b");\n', 1)
seen("import-js-require-mixed-quotes", "models/x.js", "const b = require('../services/b\");\n", 1)
seen("import-js-require-spaces", "models/x.js", "const b = require( '../services/b' );\n", 1)
seen("import-js-require-over-lines", "models/x.js", "const b = require(\n  '../services/b'\n);\n", 1)
seen("import-js-require-indented", "models/x.js", "function f() {\n  return require('../services/b').x;\n}\n", 2)
seen("import-js-require-in-comment", "models/x.js", "// const b = require('../services/b');\n", 1)
seen("import-js-require-suffix-of-word", "models/x.js", "myrequire('../services/b')\n", 1)
seen("import-js-require-same-folder", "models/x.js", "require('./services')\n", 1)
seen("import-js-require-package", "models/x.js", "require('@acme/services')\n", 1)
seen("import-js-require-dotted-name", "models/x.js", "require('./user.service.js')\n", 1)
seen("import-js-require-file-of-alias-name", "services/x.js", "require('./views.js')\n", 1)
seen("import-js-require-upper-case", "models/x.js", "require('../Services/B')\n", 1)
seen("import-js-from", "models/x.js", "import b from '../services/b.js';\n", 1)
seen("import-js-from-double-quotes", "models/x.js", 'import b from "../services/b.js";\n', 1)
seen("import-js-from-braces", "models/x.js", "import { a, b } from '../services/b.js';\n", 1)
seen("import-js-from-star", "models/x.js", "import * as b from '../services/b.js';\n", 1)
seen("import-js-from-default-and-braces", "models/x.js", "import b, { c } from '../services/b.js';\n", 1)
seen("import-js-from-type", "models/x.ts", "import type { B } from '../services/b';\n", 1)
seen("import-js-from-indented", "models/x.js", "  import b from '../services/b.js';\n", 1)
seen("import-js-from-break-before-from", "models/x.js", "import { a, b }\n  from '../services/b.js';\n", 1)
seen("import-js-from-break-before-target", "models/x.js", "import b from\n  '../services/b.js';\n", 1)
seen("import-js-from-break-after-import", "models/x.js", "import\n  b from '../services/b.js';\n", 1)
seen("import-js-default-name-is-layer", "models/x.js", "import services from '../lib/x.js';\n", 1)
seen("import-js-first-of-two-on-a-line", "models/x.js", "import a from '../services/a'; import b from './b';\n", 1)
seen("import-any-language", "models/x.md", "import routes and so on\n", 1)
seen("import-py-form-in-js-file", "models/x.js", "from services import b\n", 1)
seen("import-order-of-layers-in-target", "repositories/x.js", "require('../models/services/x')\n", 1)

# --- forms of import: not seen ------------------------------------------------------------------------------------

unseen("import-miss-py-names-only", "models/x.py", "from . import services\nfrom .. import routes\nfrom app import services\n")
unseen("import-miss-py-second-of-list", "models/x.py", "import os, services\n")
unseen("import-miss-py-comment", "models/x.py", "# from services import b\n#import routes\n")
unseen("import-miss-py-after-statement", "models/x.py", "x = 1; import services\nif x: from services import b\n")
unseen("import-miss-py-without-import", "models/x.py", "from services\nraise X from services\n")
unseen("import-miss-py-function", "models/x.py", "importlib.import_module('services.b')\n__import__('services')\n")
unseen("import-miss-py-near-names", "models/x.py", "import servicesx\nfrom service_layer import x\nimport app.my_services\n")
unseen("import-miss-py-no-space", "models/x.py", "fromservices import b\nimportservices\n")
unseen("import-miss-js-braces-over-lines", "models/x.js", "import {\n  a,\n  b,\n} from '../services/b.js';\n")
unseen("import-miss-js-side-effect", "models/x.js", "import '../services/b.js';\n")
unseen("import-miss-js-dynamic", "models/x.js", "const b = await import('../services/b.js');\n")
unseen("import-miss-js-export-from", "models/x.js", "export * from '../services/b.js';\nexport { a } from '../routes/a.js';\n")
unseen("import-miss-js-after-statement", "models/x.js", "x(); import b from '../services/b.js';\n")
unseen("import-miss-js-second-on-a-line", "models/x.js", "import a from './a'; import b from '../services/b';\n")
unseen("import-miss-js-template", "models/x.js", "require(`../services/b`)\n")
unseen("import-miss-js-expression", "models/x.js", "require('../' + 'services')\nrequire(services)\nrequire.resolve('../services/b')\n")
unseen("import-miss-js-near-names", "models/x.js", "require('../services-old/b')\nrequire('../my_services/b')\nrequire('../serviceX')\n")
unseen("import-miss-js-empty", "models/x.js", "require('')\nimport a from '';\n")
unseen("import-miss-js-no-space-before-from", "models/x.js", "import {a}from '../services/b';\nimport {a} from'../services/b';\n")
unseen("import-miss-js-comment", "models/x.js", "// import b from '../services/b.js';\n * import b from '../services/b.js';\n")
unseen("import-miss-routes-is-top", "routes/x.py", "from services import b\nimport models\nfrom repositories.x import y\n")

# --- database: evidence of SQLite ---------------------------------------------------------------------------------

SQLITE, POSTGRES = "fastapi-openapi-sqlite", "fastapi-openapi-postgres"


def evidence(name, database, text, line, path="db.py"):
    """Evidence of `database`: satisfies its own task, breaks the other's, and says where in both."""
    own, other = (SQLITE, POSTGRES) if database == "sqlite" else (POSTGRES, SQLITE)
    where = f"{path}:{line}"
    bundle(f"{name}", own, {path: text}, db=verdict(True, [], supports=[where]))
    bundle(f"{name}-unwanted", other, {path: text}, db=verdict(False, [where, "*"], supports=[]))


def no_evidence(name, task, text, path="db.py"):
    bundle(name, task, {path: text}, db=verdict(False, ["*"], supports=[]))


evidence("sqlite-import", "sqlite", "import os\nimport sqlite3\n", 2)
evidence("sqlite-from-import", "sqlite", "from sqlite3 import connect\n", 1)
evidence("sqlite-import-indented", "sqlite", "def f():\n    import sqlite3 as db\n", 2)
evidence("sqlite-import-aiosqlite", "sqlite", "import aiosqlite\n", 1)
evidence("sqlite-from-import-aiosqlite", "sqlite", "from aiosqlite import connect\n", 1)
evidence("sqlite-import-in-comment", "sqlite", "# import sqlite3\n", 1)
evidence("sqlite-import-name-continues", "sqlite", "import sqlite3x\n", 1)
evidence("sqlite-from-import-after-word", "sqlite", "xfrom sqlite3 import y\n", 1)
evidence("sqlite-url", "sqlite", "URL = 'sqlite:///./app.db'\n", 1)
evidence("sqlite-url-driver", "sqlite", "URL = 'sqlite+aiosqlite:///./app.db'\n", 1)
evidence("sqlite-url-memory", "sqlite", "URL = 'sqlite:///:memory:'\n", 1)
evidence("sqlite-url-upper-case", "sqlite", "SQLITE:///x\n", 1)
evidence("sqlite-url-in-prose", "sqlite", "The default is sqlite:///app.db here.\n", 1, "README.md")
evidence("sqlite-django", "sqlite", "D = {'ENGINE': 'django.db.backends.sqlite3'}\n", 1, "settings.py")
evidence("sqlite-npm", "sqlite", '{"dependencies": {\n  "sqlite3": "^5.1.0"\n}}\n', 2, "package.json")
evidence("sqlite-npm-better", "sqlite", '{"dependencies": {\n  "better-sqlite3": "^9.0.0"\n}}\n', 2, "package.json")
evidence("sqlite-require", "sqlite", "const sqlite3 = require('sqlite3').verbose();\n", 1, "db.js")
evidence("sqlite-quoted-upper-case", "sqlite", "x = 'SQLite3'\n", 1)
evidence("sqlite-dialect-colon", "sqlite", "new S({ dialect: 'sqlite' })\n", 1, "db.js")
evidence("sqlite-dialect-equals", "sqlite", 'dialect = "sqlite"\n', 1)
evidence("sqlite-dialect-tight", "sqlite", "f(dialect='sqlite')\n", 1)
evidence("sqlite-dialect-over-lines", "sqlite", "dialect:\n  'sqlite'\n", 1, "db.js")
evidence("sqlite-dialect-upper-case", "sqlite", "DIALECT = 'SQLITE'\n", 1)
evidence("sqlite-dialect-suffix-of-word", "sqlite", "db_dialect = 'sqlite'\n", 1)

no_evidence("sqlite-miss-prose", SQLITE, "# uses sqlite and SQLite3 for storage\nsqlite = 1\n")
no_evidence("sqlite-miss-url-slashes", SQLITE, "a = 'sqlite://'\nb = 'sqlite:/x'\nc = 'sqlite+://x'\nd = 'sqlite+a-b:///x'\n")
no_evidence("sqlite-miss-quoted-parts", SQLITE, "a = 'db.sqlite3'\nb = 'sqlite3.db'\nc = 'sqlite'\nd = 'node-sqlite3'\n")
no_evidence("sqlite-miss-dialect-quoted-key", SQLITE, "{'dialect': 'sqlite', \"dialect\": \"sqlite\"}\n")
no_evidence("sqlite-miss-dialect-value", SQLITE, "dialect: sqlite\ndialect: 'sqlite2'\ndialect: env || 'sqlite'\n", "db.js")
no_evidence("sqlite-miss-import-forms", SQLITE, "import os, sqlite3\nfrom sqlite3.dbapi2 import connect\n(import sqlite3)\nreimport sqlite3\n")
no_evidence("sqlite-miss-import-upper-case", SQLITE, "import SQLite3\nfrom AIOSQLITE import x\n")
no_evidence("sqlite-miss-requirement", SQLITE, "aiosqlite==0.20.0\n", "requirements.txt")
no_evidence("sqlite-miss-django-word", SQLITE, "django.db.backends.sqlite\n", "settings.py")

# --- database: evidence of PostgreSQL -----------------------------------------------------------------------------

evidence("postgres-psycopg2-import", "postgres", "import psycopg2\n", 1)
evidence("postgres-psycopg2-requirement", "postgres", "flask\npsycopg2-binary==2.9.9\n", 2, "requirements.txt")
evidence("postgres-psycopg2-in-word", "postgres", "aiopsycopg2x\n", 1)
evidence("postgres-asyncpg-import", "postgres", "import asyncpg\n", 1)
evidence("postgres-asyncpg-from", "postgres", "from asyncpg import Pool\n", 1)
evidence("postgres-url-short", "postgres", "postgres://user:password@postgres/conduit\n", 1, ".env")
evidence("postgres-url", "postgres", "URL = 'postgresql://u:p@h/d'\n", 1)
evidence("postgres-url-driver", "postgres", "URL = 'postgresql+asyncpg://u:p@h/d'\n", 1)
evidence("postgres-url-short-driver", "postgres", "URL = 'postgres+x://u:p@h/d'\n", 1)
evidence("postgres-url-upper-case", "postgres", "PostgreSQL://\n", 1)
evidence("postgres-sqlalchemy-dialect", "postgres", "from sqlalchemy.dialects.postgresql import UUID\n", 1)
evidence("postgres-django", "postgres", "'ENGINE': 'django.db.backends.postgresql'\n", 1, "settings.py")
evidence("postgres-django-longer", "postgres", "'django.db.backends.postgresql_x'\n", 1, "settings.py")
evidence("postgres-npm-pg", "postgres", '{"dependencies": {"pg": "^8"}}\n', 1, "package.json")
evidence("postgres-require-pg", "postgres", "const { Pool } = require('pg');\n", 1, "db.js")
evidence("postgres-pg-promise", "postgres", "import pgp from \"pg-promise\";\n", 1, "db.js")
evidence("postgres-pg-promise-upper-case", "postgres", "'PG-Promise'\n", 1, "db.js")
evidence("postgres-dialect", "postgres", "dialect: 'postgres',\n", 1, "db.js")
evidence("postgres-dialect-long", "postgres", "dialect: \"postgresql\",\n", 1, "db.js")
evidence("postgres-host", "postgres", "host: 'postgres',\n", 1, "db.js")
evidence("postgres-host-equals", "postgres", "connect(host=\"postgres\")\n", 1)
evidence("postgres-host-upper-case", "postgres", "HOST = 'postgres'\n", 1)
evidence("postgres-host-suffix-of-word", "postgres", "DB_HOST='postgres'\n", 1)

no_evidence("postgres-miss-prose", POSTGRES, "# PostgreSQL, postgres, pg\npostgres = 1\n")
no_evidence("postgres-miss-psycopg3", POSTGRES, "import psycopg\nfrom psycopg import connect\npsycopg[binary]==3.2\n")
no_evidence("postgres-miss-psycopg2-upper-case", POSTGRES, "PSYCOPG2\n")
no_evidence("postgres-miss-asyncpg-requirement", POSTGRES, "asyncpg==0.29\n", "requirements.txt")
no_evidence("postgres-miss-url", POSTGRES, "postgresql:/x\npostgresqls://x\npg://x\npostgresql+://x\n")
no_evidence("postgres-miss-pg-upper-case", POSTGRES, "'PG'\n\"Pg\"\n", "db.js")
no_evidence("postgres-miss-pg-near", POSTGRES, "'pg-pool' 'pgx' pg\n'node-pg'\n`pg`\n", "db.js")
no_evidence("postgres-miss-host-quoted-key", POSTGRES, "{\"host\": \"postgres\", 'HOST': 'postgres'}\n", "settings.py")
no_evidence("postgres-miss-host-value", POSTGRES, "host: 'postgresql'\nhost: 'localhost'\nhost = postgres\nhost: e || 'postgres'\n", "db.js")
no_evidence("postgres-miss-dialects-import", POSTGRES, "from sqlalchemy.dialects import postgresql\n")

# --- database: both, neither, forgiven, lock files ----------------------------------------------------------------

bundle("database-both", SQLITE, {"a.py": "import sqlite3\n", "b.py": "import psycopg2\n"},
       db=verdict(False, ["b.py:1"], supports=["a.py:1"]))
bundle("database-both-other-way", POSTGRES, {"a.py": "import sqlite3\n", "b.py": "import psycopg2\n"},
       db=verdict(False, ["a.py:1"], supports=["b.py:1"]))
bundle("database-django-forgiven", "django-openapi-postgres", {
    "settings.py": "A = 'django.db.backends.sqlite3'\nB = 'django.db.backends.sqlite3'\n", "requirements.txt": "psycopg2\n"},
    db=verdict(True, [], supports=["requirements.txt:1"], forgiven=["settings.py:1", "settings.py:2"]))
bundle("database-django-forgiven-other-way", "django-openapi-sqlite", {
    "settings.py": "A = 'django.db.backends.sqlite3'\nB = 'django.db.backends.postgresql'\n"},
    db=verdict(True, [], supports=["settings.py:1"], forgiven=["settings.py:2"]))
bundle("database-django-not-alone", "django-openapi-postgres", {
    "settings.py": "A = 'django.db.backends.sqlite3'\nB = 'django.db.backends.postgresql'\nimport sqlite3\n"},
    db=verdict(False, ["settings.py:1", "settings.py:3"], supports=["settings.py:2"]))
bundle("database-django-without-expected", "django-openapi-postgres", {"settings.py": "A = 'django.db.backends.sqlite3'\n"},
       db=verdict(False, ["settings.py:1", "*"], supports=[]))
bundle("database-lock-files", "express-openapi-sqlite", {
    "package.json": '{"dependencies": {"sqlite3": "5"}}\n', "package-lock.json": '{"pg": "8", "psycopg2": 1}\n',
    "web/yarn.lock": "postgres://x\n", "a/b/pnpm-lock.yaml": "'pg'\n"}, db=verdict(True, [], supports=["package.json:1"]))
bundle("database-lock-file-is-no-evidence", "express-openapi-sqlite", {"package-lock.json": '{"sqlite3": "5"}\n'},
       db=verdict(False, ["*"], supports=[]))
bundle("database-near-lock-files", "express-openapi-sqlite", {
    "package.json": '{"dependencies": {"sqlite3": "5"}}\n', "npm-shrinkwrap.json": '{"pg": "8"}\n', "uv.lock": "psycopg2\n",
    "Package-Lock.json": "'pg'\n"},
    db=verdict(False, ["npm-shrinkwrap.json:1", "uv.lock:1", "Package-Lock.json:1"], supports=["package.json:1"]))
bundle("database-two-kinds-on-a-line", SQLITE, {"a.js": "import sqlite3 from 'sqlite3';\n"},
       db=verdict(True, [], supports=["a.js:1", "a.js:1"]))
bundle("database-across-files", "express-openapi-sqlite", {"a.js": "dialect:\n", "b.js": "'sqlite'\n"},
       db=verdict(True, [], supports=["a.js:1"]))

# --- ORM ----------------------------------------------------------------------------------------------------------

SQLALCHEMY, SEQUELIZE = "flask-openapi-sqlite-sqlalchemy", "koa-openapi-sqlite-sequelize"
LITE = {"x.py": "import sqlite3\n"}


def orm(name, task, text, line, path="db.py"):
    expected = verdict(True, [], supports=[f"{path}:{line}"]) if line else verdict(False, ["*"], supports=[])
    bundle(name, task, {**LITE, path: text}, db=HOLDS, orm=expected)


orm("sqlalchemy-import", SQLALCHEMY, "import sqlalchemy as sa\n", 1)
orm("sqlalchemy-from", SQLALCHEMY, "x = 1\nfrom sqlalchemy.orm import Session\n", 2)
orm("sqlalchemy-requirement", SQLALCHEMY, "Flask\nSQLAlchemy==2.0\n", 2, "requirements.txt")
orm("sqlalchemy-flask", SQLALCHEMY, "from flask_SQLalchemy import X\n", 1)
orm("sqlalchemy-in-prose", SQLALCHEMY, "# no sqlalchemy here\n", 1)
orm("sqlalchemy-miss", SQLALCHEMY, "import sqlmodel\nsql alchemy\nsql-alchemy\nSQL_Alchemy\n", 0)
orm("sqlalchemy-miss-lock-file", SQLALCHEMY, '"sqlalchemy"\n', 0, "package-lock.json")
orm("sequelize-require", SEQUELIZE, "const { S } = require('sequelize');\n", 1, "db.js")
orm("sequelize-require-spaces", SEQUELIZE, "require(\n  \"sequelize\"\n)\n", 1, "db.js")
orm("sequelize-import", SEQUELIZE, "import { S } from 'sequelize';\n", 1, "db.js")
orm("sequelize-import-over-lines", SEQUELIZE, "import {\n  S,\n} from 'sequelize';\n", 3, "db.js")
orm("sequelize-key", SEQUELIZE, '{\n  "sequelize" : "^6"\n}\n', 2, "package.json")
orm("sequelize-new", SEQUELIZE, "const s = new Sequelize('x');\n", 1, "db.js")
orm("sequelize-new-spaces", SEQUELIZE, "new  Sequelize (x)\n", 1, "db.js")
orm("sequelize-new-lower-case", SEQUELIZE, "new sequelize(x)\n", 1, "db.js")
orm("sequelize-export-from", SEQUELIZE, "export * from 'sequelize'\n", 1, "db.js")
orm("sequelize-miss-word", SEQUELIZE, "// sequelize\nSequelize.define()\n'sequelize'\n", 0, "db.js")
orm("sequelize-miss-subpath", SEQUELIZE, "require('sequelize/types')\nimport x from 'sequelize-cli'\n", 0, "db.js")
orm("sequelize-miss-side-effect", SEQUELIZE, "import 'sequelize'\nimport('sequelize')\n", 0, "db.js")
orm("sequelize-miss-new", SEQUELIZE, "new SequelizeX(\nnewSequelize(\nnew db.Sequelize(\n", 0, "db.js")
orm("sequelize-miss-keys", SEQUELIZE, '{"sequelize-cli": "6", "@x/sequelize": "1", sequelize: 1}\n', 0, "package.json")
orm("sequelize-miss-lock-file", SEQUELIZE, '{"sequelize": "6"}\n', 0, "package-lock.json")
bundle("orm-of-the-other-kind", SEQUELIZE, {**LITE, "a.py": "import sqlalchemy\n"}, db=HOLDS, orm=verdict(False, ["*"]))

# --- tasks --------------------------------------------------------------------------------------------------------

bundle("task-unconstrained", "hono-openapi-unconstrained", {"models/a.js": "require('../routes/x')\nrequire('pg')\n"})
bundle("task-all-three", "node-hono-openapi-clean_architecture-sqlite-sequelize", {
    "routes/a.js": "import s from '../services/b.js';\n", "services/b.js": "import d from '../repositories/d.js';\n",
    "repositories/d.js": "import { Sequelize } from 'sequelize';\nnew Sequelize({ dialect: 'sqlite' });\n"},
    ca=HOLDS, db=verdict(True, [], supports=["repositories/d.js:2"]),
    orm=verdict(True, [], supports=["repositories/d.js:1", "repositories/d.js:2"]))
bundle("task-all-three-violated", "uv-django-openapi-clean_architecture-postgres-sqlalchemy", {
    "models/a.py": "from views import x\nimport sqlite3\n"},
    ca=verdict(False, ["*", "models/a.py:1"], supports=["models/a.py"]), db=verdict(False, ["models/a.py:2", "*"]),
    orm=verdict(False, ["*"]))

# --- shapes of patches --------------------------------------------------------------------------------------------

bundle("patch-empty", "flask-openapi-clean_architecture-sqlite-sqlalchemy", "", ca=verdict(False, ["*"]),
       db=verdict(False, ["*"]), orm=verdict(False, ["*"]))
bundle("patch-context-is-not-added", SQLITE, """diff --git a/db.py b/db.py
index 1111111..2222222 100644
--- a/db.py
+++ b/db.py
@@ -10,3 +10,4 @@ import sqlite3
 import psycopg2
-import asyncpg
+import os
+import sqlite3
 # postgres://
""", db=verdict(True, [], supports=["db.py:12"]))
bundle("patch-line-numbers-of-second-hunk", SQLITE, """diff --git a/db.py b/db.py
index 1111111..2222222 100644
--- a/db.py
+++ b/db.py
@@ -1,2 +1,3 @@
 a
+b
 c
@@ -20 +21,2 @@ def f():
-    x
+    import psycopg2
+    import sqlite3
""", db=verdict(False, ["db.py:21"], supports=["db.py:22"]))
bundle("patch-no-newline-at-end", SQLITE, {"db.py": "import os\nimport sqlite3"}, db=verdict(True, [], supports=["db.py:2"]))
bundle("patch-carriage-returns", ARCHITECTURE, {**BASE, "models/x.js": "const a = 1;\r\nimport b from '../services/b.js';\r\n"},
       ca=verdict(False, ["models/x.js:2"]))
bundle("patch-deleted-file-shows-its-layer", ARCHITECTURE, new_file("routes/a.py", "x\n") + new_file("services/b.py", "x\n") +
       """diff --git a/models/c.py b/models/c.py
deleted file mode 100644
index 1111111..0000000
--- a/models/c.py
+++ /dev/null
@@ -1,2 +0,0 @@
-from services import x
-from routes import x
""", ca=HOLDS)
bundle("patch-renamed-file-keeps-its-old-layer", ARCHITECTURE, new_file("routes/a.py", "x\n") + new_file("services/b.py", "x\n") +
       """diff --git a/models/c.py b/domain2/c.py
similarity index 90%
rename from models/c.py
rename to domain2/c.py
index 1111111..2222222 100644
--- a/models/c.py
+++ b/domain2/c.py
@@ -1,2 +1,3 @@
 a
+from services import x
 b
""", ca=verdict(False, ["models/c.py:2"]))
bundle("patch-binary-file-shows-its-layer", ARCHITECTURE, new_file("routes/a.py", "x\n") + new_file("services/b.py", "x\n") +
       """diff --git a/models/logo.png b/models/logo.png
new file mode 100644
index 0000000..1111111
Binary files /dev/null and b/models/logo.png differ
""", ca=HOLDS)
bundle("patch-mode-change-shows-its-layer", ARCHITECTURE, new_file("routes/a.py", "x\n") + new_file("services/b.py", "x\n") +
       """diff --git a/models/run.sh b/models/run.sh
old mode 100644
new mode 100755
""", ca=HOLDS)
# A quoted header is not seen, so the file neither shows a layer nor has lines of its own: they go to the file before.
bundle("patch-quoted-path", ARCHITECTURE, new_file("services/b.py", "x\n") + new_file("models/c.py", "x = 1\n") +
       """diff --git "a/routes/\\303\\251.py" "b/routes/\\303\\251.py"
new file mode 100644
index 0000000..1111111
--- /dev/null
+++ "b/routes/\\303\\251.py"
@@ -0,0 +1,2 @@
+x = 2
+from services import b
""", ca=verdict(False, ["*", "models/c.py:2"], supports=["services/b.py", "models/c.py"]))
bundle("patch-plain-diff-has-no-files", ARCHITECTURE, """--- /dev/null\t1970-01-01 00:00:00.000000000 +0000
+++ b/routes/a.py\t2025-01-01 00:00:00.000000000 +0000
@@ -0,0 +1 @@
+x = 1
""", ca=verdict(False, ["*"], supports=[]))
bundle("patch-path-ends-at-first-b", ARCHITECTURE, {**BASE, "models/x b/routes.py": "from services import y\n"},
       ca=verdict(False, ["models/x:1"]))
bundle("patch-double-plus-line-is-lost", SQLITE, {"db.c": "++ import sqlite3\n+ 'sqlite3'\n"},
       db=verdict(True, [], supports=["db.c:2"]))
bundle("patch-form-feed-ends-a-line", SQLITE, {"db.py": "x = 1\fimport psycopg2\nimport sqlite3\n"},
       db=verdict(True, [], supports=["db.py:2"]))
bundle("patch-file-twice-last-counts", SQLITE, new_file("db.py", "import psycopg2\n") + new_file("db.py", "import sqlite3\n"),
       db=verdict(True, [], supports=["db.py:1"]))
bundle("patch-prose-around", SQLITE, "From: someone\n\n+import psycopg2\n\n" + new_file("db.py", "import sqlite3\n") + "-- \n2.39.5\n",
       db=verdict(True, [], supports=["db.py:1"]))


def main():
    OUT.mkdir(exist_ok=True)
    for old in OUT.iterdir():
        old.unlink()
    for name, (patch, expected) in bundles.items():
        (OUT / f"{name}.patch").write_bytes(patch.encode())
        (OUT / f"{name}.json").write_text(json.dumps(expected, indent=1) + "\n")
    print(f"{len(bundles)} bundles")


main()

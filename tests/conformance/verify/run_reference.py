#!/usr/bin/env python3
"""Compares `assay verify` with reference.py: over every bundle, every corpus backend and generated patches.

    run_reference.py --assay build/release/bin/assay [--generate N] [--seed S]

A backend of the corpus is given to assay as a folder and, by `git diff` against nothing, as a patch; both must agree
with the reference. Exits 1 at the first kind of disagreement, after printing all of them.
"""
import argparse
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

import reference

HERE = pathlib.Path(__file__).resolve().parent
CORPUS = HERE.parent.parent / "corpus" / "backends"

PATHS = ["routes/a.js", "services/b.js", "src/models/u.py", "repositories/r.ts", "app/dao/x.py", "Models/X.py",
         "models/services/a.py", "package-lock.json", "web/yarn.lock", "package.json", "main.py", "routes.py",
         "a b/x.js", "weird b/y.js", "use_cases/u.py"]
PIECES = ["from", "import", "require(", "'", '"', "services", "../services/x", "./models.js", "routes", "data",
          "app.services.user", "..repositories", "{ a }", "{", "}", "* as b", "\n", "\n", "\n  ", " ", "  ", "\t", "\f",
          "\v", "\x1f", "\u00a0", "\u2028", "\u0085", "\r", "\r\n", ")", ";", "# ", "// ", "import sqlite3", "+", "++",
          "from sqlite3 import", "import aiosqlite", "sqlite:///", "sqlite+aiosqlite:///", "postgres", "ql", "://",
          "PostgreSQL://", "psycopg2", "psycopg", "import asyncpg", "sqlalchemy.dialects.postgresql", "SQLAlchemy",
          "django.db.backends.sqlite3", "django.db.backends.postgresql", "'pg'", '"PG"', "'pg-promise'", "'sqlite3'",
          '"Better-SQLite3"', "dialect", "Dialect", ":", "=", "host", "HOST", "'sqlite'", "'postgres'",
          '"postgresql"', "'sequelize'", '"sequelize":', "new Sequelize(", "new", "Sequelize", "(", "\u00e9",
          "@@ -1 +1 @@", "import services from './x'", "import a from '../routes/a'", "from .services import x"]


def generated(source):
    text = ""
    for _ in range(source.randint(0, 5)):
        path = source.choice(PATHS)
        body = "".join(source.choice(PIECES) + source.choice(["", " ", "\n"]) for _ in range(source.randint(0, 30)))
        lines = body.split("\n")
        text += f"diff --git a/{path} b/{path}\nnew file mode 100644\nindex 0000000..1111111\n--- /dev/null\n"
        text += f"+++ b/{path}\n@@ -0,0 +1,{len(lines)} @@\n" + "".join(f"+{line}\n" for line in lines)
    return text.encode()


def tree_patch(folder):
    """The folder as a diff against nothing, without the task file, which is the harness's."""
    with tempfile.TemporaryDirectory() as scratch:
        git = ["git", "--git-dir", scratch + "/git", "--work-tree", str(folder)]
        env = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
        subprocess.run([*git[:3], "init", "-q"], check=True, env=env)
        subprocess.run([*git, "add", "-A", "-f", "."], check=True, env=env, cwd=folder)
        subprocess.run([*git, "rm", "-q", "--cached", "task.json"], check=True, env=env, cwd=folder)
        return subprocess.run([*git, "diff", "--cached"], check=True, env=env, cwd=folder, capture_output=True).stdout


class Comparison:
    def __init__(self, assay):
        self.assay, self.count, self.differences = assay, 0, []

    def check(self, label, source, task, data):
        """`source` is what assay gets, `data` the patch that the reference gets."""
        done = subprocess.run([self.assay, "verify", str(source), "--task-name", task, "--json", "-"],
                              capture_output=True, text=True)
        self.count += 1
        if done.returncode not in (0, 1):
            self.differences.append(f"{label}: exit {done.returncode}: {done.stderr.strip()}")
            return
        ours = {rule["rule"]: rule["holds"] for rule in json.loads(done.stdout)["rules"]}
        theirs = reference.verdicts(data, task)
        if ours != theirs or (done.returncode == 0) != all(ours.values()):
            self.differences.append(f"{label}: assay {ours}, reference {theirs}, exit {done.returncode}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--assay", required=True)
    parser.add_argument("--generate", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    comparison = Comparison(arguments.assay)

    for file in sorted((HERE / "bundles").glob("*.json")):
        patch = file.with_suffix(".patch")
        comparison.check(file.stem, patch, json.loads(file.read_text())["task"], patch.read_bytes())
    with tempfile.TemporaryDirectory() as scratch:
        patch = pathlib.Path(scratch) / "generated.patch"
        tasks = ["flask-openapi-clean_architecture-sqlite-sqlalchemy", "koa-openapi-clean_architecture-postgres-sequelize"]
        source = random.Random(arguments.seed)
        for number in range(arguments.generate):
            patch.write_bytes(generated(source))
            for task in tasks:
                comparison.check(f"generated {number} (seed {arguments.seed})", patch, task, patch.read_bytes())
        for folder in sorted(CORPUS.iterdir()) if CORPUS.is_dir() else ():
            patch.write_bytes(tree_patch(folder))
            own = json.loads((folder / "task.json").read_text())["name"]
            for task in [own, *tasks]:
                comparison.check(f"{folder.name} as folder", folder, task, patch.read_bytes())
                comparison.check(f"{folder.name} as patch", patch, task, patch.read_bytes())

    print("\n".join(comparison.differences))
    print(f"{comparison.count} comparisons, {len(comparison.differences)} differences")
    sys.exit(1 if comparison.differences else 0)


main()

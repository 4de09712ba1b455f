#!/usr/bin/env python3
"""The study's three verifiers once more, written from docs/decisions/paper-verifiers.md and not from the C++.

Slow and short on purpose: a second opinion, for run_reference.py. Prints the verdicts on patches as JSON:
    reference.py --task-name NAME FILE.patch
"""
import argparse
import json
import re

LAYERS = (  # in the order in which they are tried: name, rank, directory names
    ("routes", 3, "routes handlers route handler routers views".split()),
    ("services", 2, "services service usecases use_cases".split()),
    ("models", 0, "models model entities entity domain".split()),
    ("repositories", 1, "repositories repository repos data_access data dao dal".split()),
)
RANK = {name: rank for name, rank, _ in LAYERS}
LOCK_FILES = ("package-lock.json", "yarn.lock", "pnpm-lock.yaml")
QUOTE = "[\"']"


def quoted(word):
    return QUOTE + word + QUOTE


def setting(key, value):
    return rf"{key}\s*(?::|=)\s*{quoted(value)}"


def python_import(module):
    return rf"(?:(?<=\s)|\A)import\s+{module}|from\s+{module}\s+import"


EVIDENCE = {  # kind -> (pattern, ignore case)
    "sqlite": {
        "import sqlite3": (python_import("sqlite3"), False),
        "import aiosqlite": (python_import("aiosqlite"), False),
        "url": (r"sqlite(\+\w+)?:///", True),
        "django": (r"django\.db\.backends\.sqlite3", True),
        "sqlite3": (quoted("sqlite3"), True),
        "better-sqlite3": (quoted("better-sqlite3"), True),
        "dialect": (setting("dialect", "sqlite"), True),
    },
    "postgres": {
        "psycopg2": ("psycopg2", False),
        "import asyncpg": (python_import("asyncpg"), False),
        "url": (r"(postgres|postgresql)(\+\w+)?://", True),
        "sqlalchemy dialect": (r"sqlalchemy\.dialects\.postgresql", True),
        "django": (r"django\.db\.backends\.postgresql", True),
        "pg": (quoted("pg"), False),
        "pg-promise": (quoted("pg-promise"), True),
        "dialect": (setting("dialect", "(postgres|postgresql)"), True),
        "host": (setting("host", "postgres"), True),
    },
    "sqlalchemy": {"word": ("sqlalchemy", True)},
    "sequelize": {
        "require": (rf"require\(\s*{quoted('sequelize')}\s*\)", True),
        "import": (rf"from\s+{quoted('sequelize')}", True),
        "key": (rf"{quoted('sequelize')}\s*:", True),
        "new": (r"new\s+sequelize\s*\(", True),
    },
}

IMPORTS = [re.compile(form, re.M) for form in (
    r"^\s*from\s+(?P<x>[.\w]+)\s+import",
    r"^\s*import\s+(?P<x>[.\w]+)",
    rf"require\(\s*{QUOTE}(?P<x>[^\"']+){QUOTE}\s*\)",
    rf"^\s*import\s+.*?\s+from\s+{QUOTE}(?P<x>[^\"']+){QUOTE}",
)]


class Patch:
    """File names (`listed`) and added text per name (`texts`), read line by line as the study does."""

    def __init__(self, data):
        text = data.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
        self.listed = [m[1] for m in re.finditer(r"^diff --git a/(.+?) b/", text, re.M)]
        self.texts = {}
        lines = None
        for line in text.splitlines():
            header = re.match("diff --git a/(.+?) b/", line)
            if header:
                lines = self.texts[header[1]] = []
            elif lines is not None and line[:1] == "+" and line[:3] != "+++":
                lines.append(line[1:])
        self.texts = {name: "\n".join(lines) for name, lines in self.texts.items()}

    def without_lock_files(self):
        return "\n".join(text for name, text in self.texts.items() if name.split("/")[-1] not in LOCK_FILES)


def layer_of(names):
    names = [name.lower() for name in names]
    return next((layer for layer, _, aliases in LAYERS if any(name in aliases for name in names)), None)


def clean_architecture(patch):
    folders = [[name.lower() for name in path.split("/")[:-1]] for path in patch.listed]
    present = [layer for layer, _, aliases in LAYERS if any(name in aliases for path in folders for name in path)]
    upward = set()
    for path, text in patch.texts.items():
        own = layer_of(path.split("/")[:-1])
        for form in IMPORTS if own else ():
            for match in form.finditer(text):
                target = layer_of(match["x"].replace(".", "/").split("/"))
                if target and RANK[target] > RANK[own]:
                    upward.add((path, target))
    return len(present) >= 3 and not upward


def kinds(patch, what):
    text = patch.without_lock_files()
    return {kind for kind, (form, fold) in EVIDENCE[what].items() if re.search(form, text, re.I if fold else 0)}


def database(patch, expected):
    wanted, unwanted = kinds(patch, expected), kinds(patch, "postgres" if expected == "sqlite" else "sqlite")
    return bool(wanted) and unwanted <= {"django"}


def verdicts(data, task_name):
    patch = Patch(data)
    constraints = task_name.split("-openapi-", 1)[1].split("-")
    result = {}
    for word in constraints:
        if word == "clean_architecture":
            result["paper/clean_architecture"] = clean_architecture(patch)
        elif word in ("sqlite", "postgres"):
            result["paper/database"] = database(patch, word)
        elif word in ("sqlalchemy", "sequelize"):
            result["paper/orm"] = bool(kinds(patch, word))
    return result


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--task-name", required=True)
    parser.add_argument("patches", nargs="+")
    arguments = parser.parse_args()
    for name in arguments.patches:
        with open(name, "rb") as file:
            print(json.dumps({"patch": name, "verdicts": verdicts(file.read(), arguments.task_name)}))

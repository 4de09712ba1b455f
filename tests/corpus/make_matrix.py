#!/usr/bin/env python3
"""The paper's 80 generation tasks, each with a submission of that shape, as a batch with the outcome that is expected.

    tests/corpus/make_matrix.py -o DIR [--tasks DIR] [--own-tasks] [--sample] [--violations]

80 tasks are 8 frameworks with 10 constraint sets each. A correct backend serves every task whose constraints are among
those that its own task.json names; of those that do, the one with the fewest others is taken. Writes DIR/batch.jsonl, and
DIR/expected/<id>.json in the form of tests/corpus/expected/. The task files are those of --tasks (the paper's, with
the folders uv and node; those of ../shared beside the checkout by default); where there are none, or with --own-tasks,
copies of their shape are written to DIR/tasks/, with the collection of this folder. Prints the batch's path.

--sample takes 10 of the 80, so that each framework and each constraint set occurs. --violations adds a task for each
framework whose submission works but stores its data in SQLite where the task says PostgreSQL.
"""
import argparse
import json
import sys
from pathlib import Path

CORPUS = Path(__file__).resolve().parent
SHARED_TASKS = CORPUS.parent.parent.parent / "shared/constraint-decay/tasks"
ORM = {"uv": "sqlalchemy", "node": "sequelize"}
FRAMEWORKS = {"aiohttp": "uv", "django": "uv", "fastapi": "uv", "flask": "uv",
              "express": "node", "fastify": "node", "hono": "node", "koa": "node"}
DATABASES = ("postgres", "sqlite")
# They pass, but something is wrong with them: not what a task of their shape is to be shown with.
FLAWED = {"flask-n-plus-one", "flask-slow-start", "hono-views-file"}


def constraint_sets(kind):
    """The ten of the paper, each a tuple in the order of the task's name."""
    layers, orm = "clean_architecture", ORM[kind]
    return [(), (layers,), *[(db,) for db in DATABASES], *[(layers, db) for db in DATABASES],
            *[(db, orm) for db in DATABASES], *[(layers, db, orm) for db in DATABASES]]


def task_name(framework, constraints):
    return f"{framework}-openapi-" + ("-".join(constraints) or "unconstrained")


def correct_backends():
    """[(name, framework, constraints, its task)] of what has nothing wrong with it, by name."""
    found = []
    for folder in sorted((CORPUS / "backends").iterdir()):
        if not (folder / "task.json").is_file() or folder.name in FLAWED:
            continue
        if not json.loads((CORPUS / "expected" / f"{folder.name}.json").read_text(encoding="utf-8"))["succeeded"]:
            continue
        task = json.loads((folder / "task.json").read_text(encoding="utf-8"))
        framework, _, named = task["name"].split("-", 2)
        found.append((folder.name, framework, frozenset(named.split("-")) - {"unconstrained"}, task))
    return found


def serving(backends, framework, constraints):
    """The backend for a task: has all its constraints, and the fewest others."""
    fitting = [each for each in backends if each[1] == framework and each[2] >= set(constraints)]
    if not fitting:
        raise LookupError(f"no correct backend for {task_name(framework, constraints)}")
    return min(fitting, key=lambda each: (len(each[2]), each[0]))


def matrix():
    """[(framework, constraints, backend)] for the 80 tasks, framework by framework."""
    backends = correct_backends()
    return [(framework, constraints, serving(backends, framework, constraints))
            for framework, kind in FRAMEWORKS.items() for constraints in constraint_sets(kind)]


def sample(rows):
    """Ten: constraint set number n of framework number n, and the first frameworks again for the last two sets."""
    per_framework = len(rows) // len(FRAMEWORKS)
    return [rows[number % len(FRAMEWORKS) * per_framework + number] for number in range(per_framework)]


def violations():
    """[(framework, constraints, backend)]: the SQLite backend for the same task with PostgreSQL."""
    backends = correct_backends()
    rows = []
    for framework, kind in FRAMEWORKS.items():
        wanted = ("clean_architecture", "postgres", ORM[kind])
        given = ("clean_architecture", "sqlite", ORM[kind])
        rows.append((framework, wanted, serving(backends, framework, given)))
    return rows


def own_task(name, constraints, backend_task):
    """A task file of the paper's shape."""
    made = dict(backend_task)
    made["name"] = name
    made["description"] = f"Conduit backend at constraint level {len(constraints)}: {', '.join(constraints) or 'none'}."
    made["postmanCollection"] = str(CORPUS / "conduit.postman_collection.json")
    return made


def expectation(backend, constraints, holds=True):
    """In the form of tests/corpus/expected/: the backend's counts, and the rules that this task has."""
    measured = json.loads((CORPUS / "expected" / f"{backend}.json").read_text(encoding="utf-8"))
    structure = {}
    if "clean_architecture" in constraints:
        structure["clean_architecture"] = True
    if set(constraints) & set(DATABASES):
        structure["database"] = holds
    if set(constraints) & set(ORM.values()):
        structure["orm"] = True
    return {"description": f"{backend} for {task_name('*', constraints)[2:]}", "assertions": measured["assertions"],
            "conduit": measured["conduit"], "structure": structure, "succeeded": holds,
            "category": None if holds else "constraint_violation"}


def write(out, rows, tasks=None, wrong=()):
    """DIR/batch.jsonl and DIR/expected/ for `rows`, which hold, and `wrong`, which do not; the path of the batch."""
    (out / "expected").mkdir(parents=True, exist_ok=True)
    lines = []
    for holds, (framework, constraints, backend) in [(True, row) for row in rows] + [(False, row) for row in wrong]:
        source, _, _, backend_task = backend
        kind, name = FRAMEWORKS[framework], task_name(framework, constraints)
        identifier = name if holds else f"{name}-with-{source}"
        if tasks:
            task = tasks / kind / f"{kind}-{name}.json"
            if not task.is_file():
                raise FileNotFoundError(f"{task}: no such task file")
        else:
            task = out / "tasks" / kind / f"{kind}-{name}.json"
            task.parent.mkdir(parents=True, exist_ok=True)
            task.write_text(json.dumps(own_task(name, constraints, backend_task), indent=2) + "\n", encoding="utf-8")
        lines.append({"id": identifier, "task": str(task.resolve()),
                      "source": {"dir": str(CORPUS / "backends" / source)},
                      "labels": {"agent": "sample-agent", "model": "sample-model", "backend": source}})
        (out / "expected" / f"{identifier}.json").write_text(
            json.dumps(expectation(source, constraints, holds), indent=2) + "\n", encoding="utf-8")
    batch = out / "batch.jsonl"
    batch.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return batch


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder to write to")
    parser.add_argument("--tasks", type=Path, help="folder of the paper's task files, with uv/ and node/")
    parser.add_argument("--own-tasks", action="store_true", help="copies of their shape, wherever they are")
    parser.add_argument("--sample", action="store_true", help="10 of the 80")
    parser.add_argument("--violations", action="store_true", help="also 8 that store their data in the wrong database")
    options = parser.parse_args()
    tasks = options.tasks or (SHARED_TASKS if SHARED_TASKS.is_dir() and not options.own_tasks else None)
    try:
        rows = matrix()
        print(write(options.out.resolve(), sample(rows) if options.sample else rows, tasks,
                    violations() if options.violations else ()))
    except (LookupError, OSError) as error:
        sys.exit(f"make_matrix.py: {error}")


if __name__ == "__main__":
    main()

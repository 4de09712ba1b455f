#!/usr/bin/env python3
"""A folder, JSON lines and the result tree are three ways to hand in the same submissions: same verdicts."""
import json
import shutil
import subprocess

import support

CORPUS = support.CORPUS
QUICK = ["--timeout-request", 1000, "--ready-timeout", 5]


def tree_patches():
    """{id in a result tree: backend}: the patch of a run bears the backend's name. The newest date counts."""
    root = CORPUS / "results-tree"
    newest = {}
    for patch in sorted(root.glob("*/*/*/*/*/run_*/*.patch")):
        task, date = patch.parent.parent.parent, patch.parent.parent.name
        newest.setdefault(task, {}).setdefault(date, []).append(patch)
    return {str(patch.parent.relative_to(root)): patch.stem
            for dates in newest.values() for patch in dates[max(dates)]}


def tar_of(backend, file):
    subprocess.run(["tar", "-czf", file, "-C", support.BACKENDS / backend, "--exclude", "./task.json", "."], check=True)


def all_forms_agree(assay, scratch):
    in_tree = tree_patches()
    names = sorted(set(in_tree.values()))
    assert len(names) >= 6, names

    folder = scratch / "folder"
    folder.mkdir()
    for name in names:
        shutil.copytree(support.BACKENDS / name, folder / name)
        own = json.loads((folder / name / "task.json").read_text())
        own["postmanCollection"] = str(CORPUS / "conduit.postman_collection.json")
        (folder / name / "task.json").write_text(json.dumps(own))
    by_folder = assay.batch(folder, scratch / "run-folder", *QUICK)
    assert sorted(by_folder) == names

    lines = []
    for number, name in enumerate(names):
        source = {"dir": f"folder/{name}"}
        if number % 2:
            tar_of(name, scratch / f"{name}.tar.gz")
            source = {"tar": f"{name}.tar.gz"}
        lines.append({"id": f"line/{name}", "task": f"folder/{name}/task.json", "source": source,
                      "labels": {"agent": "a", "model": "m", "run": number}})
    # The last one's task stands in the line itself.
    lines[-1]["task"] = json.loads((folder / names[-1] / "task.json").read_text())
    (scratch / "batch.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    by_line = assay.batch(scratch / "batch.jsonl", scratch / "run-lines", *QUICK)

    by_tree = assay.batch(CORPUS / "results-tree", scratch / "run-tree", *QUICK, "--tasks", support.BACKENDS)
    assert sorted(by_tree) == sorted(in_tree), sorted(by_tree)
    by_suite = assay.batch(CORPUS / "results-tree", scratch / "run-suite", *QUICK, "--suite",
                           CORPUS / "conduit.postman_collection.json")

    for name in names:
        wanted = support.decision(by_folder[name])
        assert support.decision(by_line[f"line/{name}"]) == wanted, f"{name} as a line: {by_line[f'line/{name}']}"
    for identifier, name in in_tree.items():
        for found in (by_tree, by_suite):
            assert support.decision(found[identifier]) == support.decision(by_folder[name]), \
                f"{identifier}: {found[identifier]['verdict']}\n{name}: {by_folder[name]['verdict']}"
            kind, agent, model, _, date, run = identifier.split("/")
            labels = found[identifier]["labels"]
            assert (labels["agent"], labels["model"], labels["date"]) == (agent, model, date), labels
            assert run == f"run_{labels['run']}", labels
            assert found[identifier]["framework"] == by_folder[name]["framework"]
            assert found[identifier]["level"] == by_folder[name]["level"]


def the_batch_of_the_corpus_has_every_backend(assay, scratch):
    lines = support.lines(CORPUS / "batch.jsonl")
    backend = {line["id"]: next(iter(line["source"].values())).split("/")[-1].removesuffix(".patch") for line in lines}
    assert set(backend.values()) == {f.name for f in support.BACKENDS.iterdir() if f.is_dir()}
    found = assay.batch(CORPUS / "batch.jsonl", scratch / "run", *QUICK, "--filter", "koa-*")
    assert sorted(found) == sorted(name for name in backend if name.startswith("koa-"))
    for name, result in found.items():
        expected = support.expected(backend[name])["assertions"]
        assert support.counts(result) == tuple(expected[key] for key in ("total", "passed", "failed")), name


def one_folder_is_a_batch_of_one(assay, scratch):
    found = assay.batch(support.BACKENDS / "koa-ok", scratch / "run", *QUICK)
    assert list(found) == ["koa-ok"] and support.counts(found["koa-ok"])[2] == 0


if __name__ == "__main__":
    support.main(all_forms_agree, the_batch_of_the_corpus_has_every_backend, one_folder_is_a_batch_of_one,
                 description=__doc__)

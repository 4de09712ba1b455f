#!/usr/bin/env python3
"""Feature tasks: a commit of a local repository, the task's preparing patch, then the submission's diff."""
import json
import shutil
import subprocess

import support

BACKEND = "koa-ok"
ADDRESS = "https://host.invalid/group/app.git"


def git(repository, *arguments):
    command = ["git", "-C", repository, "-c", "user.name=n", "-c", "user.email=e@invalid", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def change(repository, path, old, new):
    """The diff that replaces `old` in a file, or that writes `new` as the whole file."""
    file = repository / path
    if old is None:
        file.write_text(new)
    else:
        text = file.read_text()
        assert old in text, f"{path} has no {old!r}"
        file.write_text(text.replace(old, new))
    git(repository, "add", "-A")
    diff = git(repository, "diff", "--cached", "--binary")
    git(repository, "reset", "-q", "--hard")
    git(repository, "clean", "-qfd")
    return diff


def a_feature_is_judged_on_its_repository(assay, scratch):
    repository = scratch / "work"
    shutil.copytree(support.BACKENDS / BACKEND, repository, ignore=shutil.ignore_patterns("task.json", "node_modules"))
    run_sh = (repository / "run.sh").read_text()
    (repository / "run.sh").unlink()
    (repository / "notes.txt").write_text("first\n")
    git(repository, "init", "-q", "-b", "main")
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "the application")
    commit = git(repository, "rev-parse", "HEAD").strip()
    (scratch / "mirrors/group").mkdir(parents=True)
    subprocess.run(["git", "clone", "-q", "--mirror", repository, scratch / "mirrors/group/app.git"], check=True)

    task = json.loads((support.BACKENDS / BACKEND / "task.json").read_text())
    task["name"] = "add notes"
    task["postmanCollection"] = str(support.CORPUS / "conduit.postman_collection.json")
    task["repoMetadata"] |= {"repoUrl": ADDRESS, "repoCommit": commit}
    task["patch"] = change(repository, "run.sh", None, run_sh)
    by_folder = task | {"repoMetadata": task["repoMetadata"] | {"repoUrl": "work"}}
    lost = task | {"repoMetadata": task["repoMetadata"] | {"repoCommit": "0" * 40}}
    missing = task | {"repoMetadata": task["repoMetadata"] | {"repoUrl": "https://host.invalid/group/other.git"}}

    (scratch / "good.patch").write_text(change(repository, "notes.txt", "first", "second"))
    (scratch / "stale.patch").write_text((scratch / "good.patch").read_text().replace("-first", "-other"))
    (scratch / "wrecks.patch").write_text(change(repository, "package.json", "{", "{{"))
    lines = [{"id": "good", "task": task, "source": {"patch": "good.patch"}},
             {"id": "by-folder", "task": by_folder, "source": {"patch": "good.patch"}},
             {"id": "stale", "task": task, "source": {"patch": "stale.patch"}},
             {"id": "wrecks", "task": task, "source": {"patch": "wrecks.patch"}},
             {"id": "lost", "task": lost, "source": {"patch": "good.patch"}},
             {"id": "missing", "task": missing, "source": {"patch": "good.patch"}}]
    (scratch / "batch.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    ahead_of_the_batch(assay, scratch)
    found = assay.batch(scratch / "batch.jsonl", scratch / "run", "--repositories", scratch / "mirrors",
                        "--ready-timeout", 5)

    assert sorted(found) == sorted(line["id"] for line in lines), sorted(found)
    for name in ("good", "by-folder"):
        assert support.counts(found[name]) == (304, 304, 0), f"{name}: {support.counts(found[name])}"
        assert found[name]["verdict"]["succeeded"], name
    for name, words in (("stale", "stale.patch:5"), ("wrecks", "package.json")):
        total, passed, failed = support.counts(found[name])
        assert passed == 0 and failed == total, f"{name}: {passed} of {total} passed"
        assert words in json.dumps(found[name]["failure"]), f"{name}: {found[name]['failure']}"
    for name, words in (("lost", "remote update"), ("missing", "git clone --mirror")):
        assert "verdict" not in found[name] and words in found[name]["fault"]["reason"], f"{name}: {found[name]}"


def ahead_of_the_batch(assay, scratch):
    """`assay image build --from` finds the same trees by the same mirrors as the run after it."""
    def rows(*options):
        done = assay("image", "build", "--from", scratch / "batch.jsonl", *options)
        assert done.returncode == 75, f"{done.returncode}: {done.stdout}{done.stderr}"
        return [line.split(maxsplit=5) for line in done.stdout.splitlines()]

    found = {row[1]: row[2:] for row in rows("--repositories", scratch / "mirrors")}
    assert "git clone --mirror" in found["missing"][3] and "remote update" in found["lost"][3], found
    assert found["stale"][0] == "failed", found
    # One layer for who has the repository's manifest: by mirror and by folder.
    ready = [row for row in found.values() if row[0] == "ready"]
    assert len(ready) == 1 and "good and 1 more" in ready[0][3], found
    without = {row[1]: row[2:] for row in rows()}
    assert all("--repositories DIR" in without[name][3] for name in ("good", "stale", "missing")), without


if __name__ == "__main__":
    support.main(a_feature_is_judged_on_its_repository, description=__doc__)

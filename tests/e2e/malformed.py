#!/usr/bin/env python3
"""Malformed input: an error with file, line and remedy, and the rest of the batch still runs."""
import json
import re
import shutil

import support

GOOD = "fastify-ok"  # a small one; its dependencies are those of the corpus
COLLECTION = support.CORPUS / "conduit.postman_collection.json"
QUICK = ["--timeout-request", 1000, "--ready-timeout", 5]


def task(**changes):
    made = json.loads((support.BACKENDS / GOOD / "task.json").read_text())
    made["postmanCollection"] = str(COLLECTION)
    return made | changes


def submission(folder, text=None):
    """A copy of the good backend with `text` as its task file; None: a good one, "": no task file."""
    shutil.copytree(support.BACKENDS / GOOD, folder, ignore=shutil.ignore_patterns("task.json"))
    if text != "":
        (folder / "task.json").write_text(text or json.dumps(task(), indent=2))
    return folder


def line_of(text, word):
    return next(number for number, line in enumerate(text.splitlines(), 1) if word in line)


def says(text, file, line, *words):
    """The message names file and line, says these words, and ends with a remedy in brackets."""
    place = f"{file}:{line}" if line else str(file)
    assert re.search(re.escape(place) + r"(?!\d)", text), f"no {place} in: {text}"
    for word in words:
        assert word in text, f"no {word!r} in: {text}"
    assert re.search(r"\([^()]{8,}.*\)", text), f"no remedy in: {text}"


def is_good(result):
    assert support.counts(result)[2] == 0 and result["verdict"]["succeeded"], result


def reason(result):
    assert "verdict" not in result and not result["fault"]["retryable"], result
    return result["fault"]["reason"]


def tasks_of_a_folder(assay, scratch):
    batch = scratch / "batch"
    submission(batch / "good")
    lines = json.dumps(task(), indent=2).splitlines()
    cut = "\n".join(lines[:4]) + "\n"
    submission(batch / "cut", cut)
    wrong_port = json.dumps(task(repoMetadata=task()["repoMetadata"] | {"port": "8080"}), indent=2)
    submission(batch / "port", wrong_port)
    wrong_name = json.dumps(task(name="fastify-openapi-mysql"), indent=2)
    submission(batch / "name", wrong_name)
    nowhere = json.dumps(task(postmanCollection="nowhere/suite.json"), indent=2)
    submission(batch / "nowhere", nowhere)
    submission(batch / "without", "")

    found = assay.batch(batch, scratch / "run", *QUICK)
    assert len(found) == 6, sorted(found)
    is_good(found["good"])
    # The end of the text is met after its last line break, or at it.
    assert re.search(r"cut/task\.json:[45]\b", reason(found["cut"])), reason(found["cut"])
    says(reason(found["cut"]), "cut/task.json", 0)
    says(reason(found["port"]), "port/task.json", line_of(wrong_port, '"port"'), "port")
    says(reason(found["name"]), "name/task.json", line_of(wrong_name, '"name"'), "mysql")
    says(reason(found["nowhere"]), "nowhere/task.json", line_of(nowhere, "nowhere/suite.json"), "nowhere/suite.json")
    says(reason(found["without"]), "without", 0, "task.json")


def a_collection(assay, scratch):
    text = COLLECTION.read_text(encoding="utf-8").splitlines()
    at = len(text) // 2
    broken = scratch / "broken.json"
    broken.write_text("\n".join(text[:at] + ["!" + text[at]] + text[at + 1:]), encoding="utf-8")
    no_items = scratch / "no-items.json"
    no_items.write_text('{"info": {"name": "x",\n"schema": "https://schema.getpostman.com/json/collection/v2.1.0/"},\n'
                        '"item": 7}\n')
    batch = scratch / "batch"
    submission(batch / "good")
    submission(batch / "broken", json.dumps(task(postmanCollection=str(broken))))
    submission(batch / "no-items", json.dumps(task(postmanCollection=str(no_items))))
    found = assay.batch(batch, scratch / "run", *QUICK)
    is_good(found["good"])
    says(reason(found["broken"]), "broken.json", at + 1)
    says(reason(found["no-items"]), "no-items.json", 0, "item")

    # The same collection for the whole batch is a mistake on the command line: nothing runs.
    done = assay("run", batch, "-o", scratch / "none", "--suite", broken)
    assert done.returncode == 2, done
    says(done.stderr, "broken.json", at + 1)
    assert not (scratch / "none/results.jsonl").exists() or not support.results(scratch / "none")


def git_patch(folder):
    """The good backend as a patch against an empty repository."""
    import subprocess
    repository = submission(folder)
    (repository / "task.json").unlink()
    git = ["git", "-C", str(repository), "-c", "init.defaultBranch=main"]
    for command in (["init", "-q"], ["add", "-A"]):
        subprocess.run(git + command, check=True)
    return subprocess.run(git + ["diff", "--cached", "--no-color"], check=True, capture_output=True, text=True).stdout


def lines_and_patches(assay, scratch):
    (scratch / "task.json").write_text(json.dumps(task()))
    patch = git_patch(scratch / "source")
    (scratch / "good.patch").write_text(patch)
    # A hunk that announces more lines than the file has left.
    hunk = line_of(patch, "@@ -0,0 +1")
    lines = patch.splitlines(keepends=True)
    lines[hunk - 1] = re.sub(r"\+1(,\d+)?", "+1,99999", lines[hunk - 1])
    (scratch / "bad.patch").write_text("".join(lines))
    (scratch / "empty.patch").write_text("")
    (scratch / "bad.tar").write_bytes(b"no archive\n" * 100)

    def line(name, **more):
        return json.dumps({"id": name, "task": "task.json"} | more)
    batch = scratch / "batch.jsonl"
    batch.write_text("\n".join([
        line("good", source={"patch": "good.patch"}),
        '{"id": "cut", "task": "task.json", "source"',
        line("unknown", source={"patch": "good.patch"}, lables={}),
        line("gone", source={"patch": "gone.patch"}),
        line("bad-patch", source={"patch": "bad.patch"}),
        line("empty-patch", source={"patch": "empty.patch"}),
        line("bad-tar", source={"tar": "bad.tar"}),
        line("good", source={"patch": "good.patch"}),
        line("../out", source={"patch": "good.patch"}),
        line("last", source={"patch": "good.patch"})]) + "\n")
    done = assay("run", batch, "-o", scratch / "run", *QUICK, "--progress", "plain")
    assert done.returncode == 0, done.stderr
    found = support.lines(scratch / "run/results.jsonl")
    assert len(found) == 10, [each["id"] for each in found]
    verdicts = {each["id"]: each for each in found if "verdict" in each}
    is_good(verdicts["good"])
    is_good(verdicts["last"])
    # A source that cannot be used is the submission's own failure: scored, with the reason.
    total = support.counts(verdicts["good"])[0]
    for name, file, line_number in (("bad-patch", "bad.patch", hunk), ("empty-patch", "empty.patch", 0),
                                    ("bad-tar", "bad.tar", 0)):
        assert support.counts(verdicts[name]) == (total, 0, total), verdicts[name]
        assert verdicts[name]["failure"]["category"] == "server_startup_failure"
        cause = verdicts[name]["failure"]["summary"]
        assert file in cause, cause
        if line_number:
            # Where the hunk begins, or where it runs out.
            numbers = [int(number) for number in re.findall(rf"{file}:(\d+)", cause)]
            assert numbers and hunk <= numbers[0] <= len(lines) + 1, cause
    assert len(verdicts) == 5, sorted(verdicts)
    reasons = [reason(each) for each in found if "fault" in each]
    for number, words in ((2, []), (3, ["lables"]), (4, ["gone.patch"]), (8, ["good"]), (9, ["../out"])):
        matching = [text for text in reasons if f"batch.jsonl:{number}" in text]
        assert matching, f"no error of batch.jsonl:{number} in {reasons}"
        says(matching[0], "batch.jsonl", number, *words)


def the_command_line(assay, scratch):
    (scratch / "empty").mkdir()
    (scratch / "notes.txt").write_text("no batch\n")
    for arguments, words in (
            (["run"], ["BATCH"]),
            (["run", scratch / "nothing"], ["nothing"]),
            (["run", scratch / "empty"], ["empty"]),
            (["run", scratch / "notes.txt"], ["notes.txt", ".jsonl"]),
            (["run", support.BACKENDS, "--jobs", "many"], ["many"]),
            (["run", support.BACKENDS, "--no-such-option"], ["--no-such-option"]),
            (["run", support.BACKENDS, "--filter", "nothing-has-this-id"], ["nothing-has-this-id"]),
            (["nonsense"], ["nonsense"])):
        done = assay(*arguments, cwd=scratch, env=support.environment(XDG_STATE_HOME=str(scratch / "state")))
        assert done.returncode == 2, f"{arguments}: exit {done.returncode}, {done.stderr}"
        assert done.stdout == "", f"{arguments}: data on stdout: {done.stdout}"
        for word in words:
            assert word in done.stderr, f"{arguments}: no {word!r} in {done.stderr}"


def a_run_folder_is_not_overwritten(assay, scratch):
    options = ["--filter", GOOD, *QUICK]
    first = assay.batch(support.BACKENDS, scratch / "run", *options)
    done = assay("run", support.BACKENDS, "-o", scratch / "run", *options)
    assert done.returncode == 2 and "--resume" in done.stderr, done
    assert support.results(scratch / "run") == first


if __name__ == "__main__":
    support.main(tasks_of_a_folder, a_collection, lines_and_patches, the_command_line,
                 a_run_folder_is_not_overwritten, description=__doc__)

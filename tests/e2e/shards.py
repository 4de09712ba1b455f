#!/usr/bin/env python3
"""A batch in three shards, merged, is the batch; reports and gates of `assay run`."""
import json

from support import BACKENDS, decision, lines, main, results

IDS = ["flask-ok", "express-ok", "express-broken-auth", "flask-does-not-start"]


def batch_of(scratch):
    entries = []
    for name in IDS:
        folder = BACKENDS / name
        entries.append({"id": name, "task": str(folder / "task.json"), "source": {"dir": str(folder)}})
    file = scratch / "batch.jsonl"
    file.write_text("".join(json.dumps(entry) + "\n" for entry in entries) + "no JSON\n", encoding="utf-8")
    return file


def outcome(result):
    return result["fault"] if "fault" in result else decision(result)


def three_shards_merged_are_the_whole_batch(assay, scratch):
    batch = batch_of(scratch)
    whole = assay.batch(batch, scratch / "whole", "--report", "junit,html,sarif,ctrf,tap")
    for name in ("junit.xml", "report.html", "results.sarif", "ctrf.json", "results.tap"):
        assert (scratch / "whole" / name).stat().st_size > 0, name
    folders = [scratch / f"shard-{index}" for index in (1, 2, 3)]
    for index, folder in enumerate(folders, 1):
        assay.batch(batch, folder, "--shard", f"{index}/3")
    sizes = [len(lines(folder / "results.jsonl")) for folder in folders]
    assert sum(sizes) == len(whole), sizes
    done = assay("merge", *folders, "--into", scratch / "merged")
    assert done.returncode == 0, done.stderr
    merged = results(scratch / "merged")
    assert {id: outcome(line) for id, line in merged.items()} == {id: outcome(line) for id, line in whole.items()}
    events = lines(scratch / "merged" / "events.ndjson")
    assert [event["seq"] for event in events] == list(range(len(events)))
    done = assay("merge", *folders[:2], "--into", scratch / "two")
    assert done.returncode == 75 and "shard 3/3 was not given" in done.stderr, done.stderr
    done = assay("report", scratch / "merged", "--report", "junit=-")
    assert done.returncode == 0 and done.stdout.count("<testsuite ") == len(whole), done.stderr
    # A resumed run, which tries only the unreadable entry again, is still held to its gates, over the whole of it.
    again = ("run", batch, "-o", scratch / "whole", "--resume")
    done = assay(*again, "--gate", f"succeeded>{len(whole)}")
    assert done.returncode == 1 and "succeeded" in done.stderr, (done.returncode, done.stderr)
    done = assay(*again, "--gate", "faults<=1", "--gate", "succeeded>=1")
    assert done.returncode == 0, (done.returncode, done.stderr)


if __name__ == "__main__":
    main(three_shards_merged_are_the_whole_batch, description=__doc__)

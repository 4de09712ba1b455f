#!/usr/bin/env python3
"""What one submission costs through a running `assay serve`, beside a fresh `assay run` of the same.

    bench/serve.py ASSAY SUBMISSION [--repeat N] [--json FILE]

SUBMISSION is a folder with a task.json in or beside it. In one run, turn by turn:

    one, serve      from handing it in until its result is here; median and 90th percentile of N
    one, run        `assay run` of it, from its start to its end; likewise
    many, serve     N of it, as many in flight as the server evaluates; submissions a second
    many, run       `assay run --repeat N`; likewise, by its own clock and with the time that it takes to start and end

The ratios are what counts: both sides share the machine. The first of each is not counted.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tools/python"))
from assay_client import PrivateServer  # noqa: E402


def timed(work):
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def run(assay, submission, *options):
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as scratch:
        command = [assay, "run", submission, "-o", f"{scratch}/run", "--progress", "none", *options]
        subprocess.run([str(part) for part in command], check=True, capture_output=True)
        results = pathlib.Path(scratch, "run/results.jsonl").read_text().splitlines()
    assert all("verdict" in json.loads(line) for line in results), results


def entry(submission, task):
    return {"task": str(task), "source": {"dir": str(submission)}}


def many_served(client, submission, task, count):
    results = list(client.evaluate_many((entry(submission, task) for _ in range(count)), in_flight=16))
    assert len(results) == count and all("verdict" in result for result in results), results


def describe(times):
    times = sorted(times)
    return {"median_ms": 1000 * statistics.median(times), "p90_ms": 1000 * times[int(0.9 * (len(times) - 1))]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("assay", type=pathlib.Path)
    parser.add_argument("submission", type=pathlib.Path)
    parser.add_argument("--repeat", type=int, default=20)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    submission = options.submission.resolve()
    task = next(file for file in (submission / "task.json", submission.parent / "task.json") if file.exists())

    served, fresh = [], []
    with PrivateServer(str(options.assay.resolve())) as client:
        for turn in range(options.repeat + 1):
            pair = (timed(lambda: client.evaluate(entry(submission, task))), timed(lambda: run(options.assay, submission)))
            if turn:
                served.append(pair[0])
                fresh.append(pair[1])
        many = {"serve": options.repeat / timed(lambda: many_served(client, submission, task, options.repeat)),
                "run": options.repeat / timed(lambda: run(options.assay, submission, "--repeat", options.repeat))}
    found = {"bench": "serve", "submission": submission.name, "repeat": options.repeat,
             "one": {"serve": describe(served), "run": describe(fresh),
                     "ratio": statistics.median(fresh) / statistics.median(served)},
             "many_per_second": many | {"ratio": many["serve"] / many["run"]}}
    one = found["one"]
    print(f"one of {submission.name}: serve {one['serve']['median_ms']:.0f} ms (p90 {one['serve']['p90_ms']:.0f}), "
          f"run {one['run']['median_ms']:.0f} ms (p90 {one['run']['p90_ms']:.0f}): {one['ratio']:.2f} times")
    print(f"{options.repeat} of it: serve {many['serve']:.2f}/s, run {many['run']:.2f}/s: "
          f"{many['serve'] / many['run']:.2f} times")
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()

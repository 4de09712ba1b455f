#!/usr/bin/env python3
"""Cold and warm starts compared: what the same submissions answer, started either way.

    tests/conformance/start.py ASSAY BATCH [--filter GLOB ...] [--repeat N] [--jobs N] [--need-warm ID ...]
                               [--runs DIR] [-- OPTION OF assay run ...]

Evaluates the batch with --start cold and with --start warm, and compares, for every submission, what was seen: the
server's readiness and health status, every request's status code, every assertion's outcome, the structure's verdict,
the category and cause of a failure. With --runs the run folders stay, and runs that are there go on where they ended.
With --repeat, a submission's outcomes are a set: one that is unstable when started cold may be as unstable when warm,
and each outcome that only one side shows is reported. Exit status 1 then, or when a submission of --need-warm
had no template.
"""

import argparse
import collections
import contextlib
import json
import pathlib
import subprocess
import sys
import tempfile


def evaluate(options, start, folder):
    outcomes = collections.defaultdict(collections.Counter)
    starts = {}
    for number, glob in enumerate(options.filter or ["*"]):
        run = pathlib.Path(folder) / f"{start}-{number}"
        command = [options.assay, "run", options.batch, "--filter", glob, "--start", start, "-o", run]
        command += ["--repeat", str(options.repeat), "--jobs", options.jobs, "--progress", "none", *options.more]
        if (run / "manifest.json").exists():
            command.append("--resume")
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        answers = collections.defaultdict(list)
        for line in (run / "events.ndjson").open():
            event = json.loads(line)
            if event["event"] == "admitted":
                answers[event["submission"]] = []  # a repetition in quiet counts alone
            if event["event"] == "request":
                assertions = [(each["name"], each["status"]) for each in event["assertions"]]
                code = event.get("answer", {}).get("code")
                answers[event["submission"]].append((event["sequence"], event["item"], code, assertions))
        for line in (run / "results.jsonl").open():
            record = json.loads(line)
            name = record["id"].partition("#")[0]
            server = record.get("server", {})
            failure = record.get("failure", {})
            seen = {
                "fault": record.get("fault", {}).get("step"),
                "readiness": server.get("readiness"),
                "health": server.get("health_status"),
                "still_ran": server.get("stopped_by_harness"),
                "failure": (failure.get("category"), failure.get("cause")),
                "structure": [(each["rule"], each["holds"]) for each in record.get("verdict", {}).get("structure", [])],
                "answers": sorted(answers[record["id"]], key=lambda answer: answer[0]),
            }
            outcomes[name][json.dumps(seen)] += 1
            starts[name] = server.get("start", "cold"), server.get("why_cold", "")
    return outcomes, starts


def explain(one, other):
    """The first thing that two outcomes do not share."""
    one, other = json.loads(one), json.loads(other)
    for key, value in one.items():
        if key != "answers" and value != other[key]:
            return f"{key}: {value} and {other[key]}"
    for mine, theirs in zip(one["answers"], other["answers"]):
        if mine != theirs:
            failed = [each for each in mine[3] if each not in theirs[3]]
            return f"request {mine[0]} ({mine[1]}): {mine[2]} and {theirs[2]}; {failed[:2]}"
    return f"{len(one['answers'])} and {len(other['answers'])} requests"


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("assay")
    parser.add_argument("batch")
    parser.add_argument("--filter", action="append")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--jobs", default="auto")
    parser.add_argument("--need-warm", action="append", default=[])
    parser.add_argument("--runs", type=pathlib.Path)
    arguments = sys.argv[1:]
    more = arguments.index("--") if "--" in arguments else len(arguments)
    options = parser.parse_args(arguments[:more])
    options.more = arguments[more + 1 :]

    with contextlib.ExitStack() as stack:
        folder = options.runs or stack.enter_context(tempfile.TemporaryDirectory())
        cold, _ = evaluate(options, "cold", folder)
        warm, starts = evaluate(options, "warm", folder)
    different = 0
    for name in sorted(cold.keys() | warm.keys()):
        only_warm = set(warm[name]) - set(cold[name])
        only_cold = set(cold[name]) - set(warm[name])
        how, why = starts.get(name, ("cold", ""))
        note = f"{how}{' (' + why + ')' if why else ''}, {len(cold[name])} and {len(warm[name])} outcomes"
        if only_warm or only_cold:
            different += 1
            counted = sum((warm if only_warm else cold)[name][each] for each in only_warm or only_cold)
            first = next(iter(only_warm or only_cold))
            against = next(iter((cold if only_warm else warm)[name]), first)
            where = "warm" if only_warm else "cold"
            print(f"DIFFERENT {name}: {note}; {counted} times only {where}: {explain(first, against)}")
        else:
            print(f"same      {name}: {note}")
        if name in options.need_warm and how != "warm":
            different += 1
            print(f"NOT WARM  {name}")
    print(f"{len(cold)} submissions, {options.repeat} starts each way, {different} different")
    return 1 if different or not cold else 0


if __name__ == "__main__":
    sys.exit(main())

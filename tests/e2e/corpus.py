#!/usr/bin/env python3
"""The corpus in one batch: every submission as expected, and a run folder that agrees with itself."""
import collections
import csv
import importlib.machinery
import importlib.util
import json

import support

LIMITS = ["--timeout-request", 1000, "--ready-timeout", 5]


def check_corpus():
    """tools/check-corpus as a module."""
    path = str(support.ROOT / "tools/check-corpus")
    loader = importlib.machinery.SourceFileLoader("check_corpus", path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("check_corpus", loader))
    loader.exec_module(module)
    return module


def agrees_with_itself(run):
    """The journal, the results and the CSV files say the same, and nothing is missing in between."""
    events = support.lines(run / "events.ndjson")
    assert [event["seq"] for event in events] == list(range(len(events))), "seq has a gap"
    assert all(a["t_us"] <= b["t_us"] for a, b in zip(events, events[1:])), "t_us goes backwards"
    results = support.results(run)
    ends = {event["submission"]: event["record"] for event in events if event["event"] in ("verdict", "fault")}
    assert ends == results, "results.jsonl differs from the records of the journal"
    manifest = json.loads((run / "manifest.json").read_text())
    assert manifest["submissions"] == len(results), "the manifest counts other submissions"

    # An attempt that was repeated has its requests in the journal too: the last one's count.
    requests = collections.defaultdict(list)
    for event in events:
        if event["event"] == "admitted":
            requests[event["submission"]] = []
        elif event["event"] == "request":
            requests[event["submission"]].append(event)
    for name, result in results.items():
        verdict = result["verdict"]
        assert len(requests[name]) == verdict["requests"], f"{name}: {len(requests[name])} requests in the journal"
        assert sum(event.get("presumed", False) for event in requests[name]) == verdict["presumed_timeouts"], name
        statuses = collections.Counter(assertion["status"] for event in requests[name]
                                       for assertion in event["assertions"] if not assertion.get("pre_request"))
        assert statuses["passed"] == verdict["assertions"]["passed"], f"{name}: passed assertions in the journal"
        assert statuses["failed"] == verdict["assertions"]["failed"], f"{name}: failed assertions in the journal"
        with open(run / "logs" / name / "newman-run-report.csv", newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        sums = tuple(sum(int(row[column] or 0) for row in rows)
                     for column in ("totalAssertions", "executedCount", "failedCount"))
        assert sums == support.counts(result), f"{name}: the CSV counts {sums}"


def run(assay, scratch, collection, counts, options):
    out = scratch / "run"
    more = ["--suite", collection] if collection else []
    done = assay("run", support.BACKENDS, "-o", out, *LIMITS, *more, "--newman-csv", "--progress", "plain",
                 *options.options, timeout=options.timeout)
    print(done.stdout)
    assert done.returncode == 0, f"ended with {done.returncode}:\n{done.stderr[-3000:]}"
    good, wrong = check_corpus().check(out, counts, categories=True)
    if wrong:
        print(done.stderr)
    assert good and not wrong, "\n" + "\n".join(wrong)
    agrees_with_itself(out)
    # Every framework and the whole stand in the table.
    for name in ("aiohttp", "django", "fastapi", "flask", "express", "fastify", "hono", "koa"):
        assert name in done.stdout, f"{name} is missing in the table"


def the_corpus_gives_what_is_expected(assay, scratch, options):
    run(assay, scratch, None, "assertions", options)


def the_corpus_gives_the_known_counts_of_conduit(assay, scratch, options):
    collection = support.shared_collection()
    if not collection:
        raise support.Skip("no ../shared/constraint-decay beside the checkout, and ASSAY_SHARED does not name it")
    run(assay, scratch, collection, "conduit", options)


def arguments(parser):
    parser.add_argument("--timeout", type=float, default=600, help="seconds for one batch")
    parser.add_argument("--conduit", action="store_true", help="with the shared Conduit collection")
    parser.add_argument("options", nargs="*", help="more options of assay run, after --")


if __name__ == "__main__":
    import sys
    support.main(the_corpus_gives_the_known_counts_of_conduit if "--conduit" in sys.argv
                 else the_corpus_gives_what_is_expected, description=__doc__, options=arguments)

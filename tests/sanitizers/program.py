#!/usr/bin/env python3
"""The whole program under a sanitizer: what runs threads in it, briefly; `tools/dev asan|tsan` reads the reports."""
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))
import parallel  # noqa: E402
import serve  # noqa: E402
import stream  # noqa: E402
import support  # noqa: E402

# In memory, in a file and in PostgreSQL; in Python and in Node; FAILING: one that ends at once, one that ends midway.
BATCH = ["koa-ok", "express-ok", "flask-ok", "aiohttp-ok", "hono-sqlite-sequelize", "flask-postgres-sqlalchemy",
         "koa-postgres-sequelize"]
FAILING = ["flask-does-not-start", "express-crashes-midway"]
PATIENCE = ["--timeout-request", 60000, "--timeout-script", 60000, "--ready-timeout", 120]


def batch_of(scratch, names):
    batch = scratch / "batch.jsonl"
    batch.write_text("".join(json.dumps({"id": name, "task": str(support.BACKENDS / name / "task.json"),
                                         "source": {"dir": str(support.BACKENDS / name)}}) + "\n" for name in names))
    return batch


def several_backends_at_once(assay, scratch):
    found = assay.batch(batch_of(scratch, BATCH + FAILING), scratch / "run", "--repeat", 2, "--jobs", 4,
                        "--newman-csv", "--report", "junit", "--report", "html", *PATIENCE, timeout=900)
    assert len(found) == 2 * len(BATCH + FAILING), list(found)
    for name, result in found.items():
        failed = support.counts(result)[2]
        assert (failed > 0) == (name.split("#")[0] in FAILING), (name, result)


def capacity_that_follows_the_machine(assay, scratch):
    found = assay.batch(batch_of(scratch, BATCH[:4]), scratch / "run", "--start", "warm", *PATIENCE, timeout=900)
    assert all(support.counts(result)[2] == 0 for result in found.values()), found


def suites_on_several_lanes(assay, scratch):
    report = scratch / "report.json"
    done = assay("bench", "dispatch", "--no-newman", "--seconds", 0.5, "--json", report, "--collection",
                 support.CORPUS / "conduit.postman_collection.json", timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(report.read_text()), "the report is empty"


if __name__ == "__main__":
    support.main(several_backends_at_once, capacity_that_follows_the_machine, suites_on_several_lanes,
                 parallel.independent_folders_wait_together_and_dependent_ones_do_not, parallel.hurl_files_wait_together,
                 stream.stdout_is_the_journal_and_the_table_goes_to_stderr,
                 stream.an_interrupt_while_reports_are_written_ends_the_run, serve.same_verdicts_as_run,
                 serve.results_stream_as_they_end, serve.a_queue_has_an_end, serve.any_bytes_are_survived, description=__doc__)

#!/usr/bin/env python3
"""`assay run --stream`: the journal as it grows, on stdout and in a file."""
import os
import signal
import subprocess
import time

from support import BACKENDS, environment, lines, main, results


def stdout_is_the_journal_and_the_table_goes_to_stderr(assay, scratch):
    done = assay("run", BACKENDS, "--filter", "koa-ok", "-o", scratch / "run", "--stream", "-", "--progress", "none")
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout == (scratch / "run/events.ndjson").read_text(encoding="utf-8")
    assert "pass@1" in done.stderr and "submissions/s" in done.stderr, done.stderr[-2000:]


def a_reader_that_leaves_costs_the_run_nothing(assay, scratch):
    command = [assay.program, "run", BACKENDS, "--filter", "koa-ok", "-o", scratch / "run", "--stream", "-",
               "--progress", "none"]
    run = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                           env=environment())
    first = run.stdout.readline()
    run.stdout.close()
    err = run.stderr.read().decode()
    assert run.wait(timeout=120) == 0, err[-2000:]
    assert b'"seq":0' in first, first
    assert "events.ndjson has everything" in err, err[-2000:]
    assert "verdict" in results(scratch / "run")["koa-ok"]


def a_resumed_run_continues_the_file(assay, scratch):
    batch = scratch / "batch.jsonl"
    batch.write_text("no JSON\n", encoding="utf-8")
    for resume in ([], ["--resume"]):
        done = assay("run", batch, "-o", scratch / "run", "--stream", scratch / "copy", "--progress", "none", *resume)
        assert done.returncode == 0, done.stderr[-2000:]
    assert lines(scratch / "copy") == lines(scratch / "run/events.ndjson")
    assert len(lines(scratch / "copy")) >= 2


def an_interrupt_while_reports_are_written_ends_the_run(assay, scratch):
    batch, journal = scratch / "batch.jsonl", scratch / "run/events.ndjson"
    batch.write_text("no JSON\n" * 2000, encoding="utf-8")
    run = subprocess.Popen([assay.program, "run", batch, "-o", scratch / "run", "--stream", "-", "--report", "junit",
                            "--progress", "none"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, env=environment())
    # All is recorded, and the run waits for its reader: what it reads for the report then never comes.
    deadline = time.monotonic() + 60
    while not journal.exists() or journal.read_bytes().count(b"\n") < 2000:
        assert time.monotonic() < deadline and run.poll() is None, "the journal does not get its lines"
        time.sleep(0.02)
    journal.rename(scratch / "journal")
    os.mkfifo(journal)
    lines_written = (scratch / "journal").read_bytes()
    assert run.stdout.read(len(lines_written)) == lines_written
    time.sleep(0.5)
    run.send_signal(signal.SIGINT)
    err = run.communicate(timeout=60)[1].decode()
    assert run.returncode == 130 and "interrupted" in err, f"ended with {run.returncode}: {err[-2000:]}"


if __name__ == "__main__":
    main(stdout_is_the_journal_and_the_table_goes_to_stderr, a_reader_that_leaves_costs_the_run_nothing,
         a_resumed_run_continues_the_file, an_interrupt_while_reports_are_written_ends_the_run, description=__doc__)

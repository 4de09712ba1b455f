#!/usr/bin/env python3
"""Every golden bundle through assay; its report must equal newman's, response times apart.

Prints each mismatch and a closing line `N passed, N failed`. Exit: 0 none failed, 1 otherwise.
"""
import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import bundles
from canned_server import CannedServer

ROOT = bundles.HERE.parent.parent
LIMIT_S = 60


def mismatches(expected, got):
    theirs, ours = bundles.newman_csv.cells(expected), bundles.newman_csv.cells(got)
    columns = theirs[0]
    if len(theirs) != len(ours):
        yield f"{len(theirs) - 1} rows expected, got {len(ours) - 1}"
    for number, (row, our) in enumerate(zip(theirs, ours)):
        for at in range(max(len(row), len(our))):
            want, have = (cells[at] if at < len(cells) else "nothing" for cells in (row, our))
            if want != have:
                column = columns[at] if at < len(columns) else f"column {at + 1}"
                yield f"row {number}, {column}: expected {want or 'absent'}, got {have or 'absent'}"


def run(assay, bundle, sandbox):
    """Lines that say what is wrong with this bundle."""
    with CannedServer(bundles.server_entries(bundle)) as server, tempfile.TemporaryDirectory() as scratch:
        csv = Path(scratch) / "out.csv"
        command = [assay, "suite", "run", "collection.json", *bundles.options(bundle, server.port), "--reporter-csv", csv,
                   *sandbox]
        try:
            done = subprocess.run(command, cwd=bundle, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                  errors="replace", timeout=LIMIT_S)
        except subprocess.TimeoutExpired:
            return [f"did not end within {LIMIT_S} s"]
        if not csv.exists():
            return [f"wrote no report, exit {done.returncode}", *done.stderr.splitlines()[-5:]]
        expected = bundles.newman_csv.read(bundle / "expected.csv")
        return list(mismatches(expected, bundles.comparable(bundles.newman_csv.read(csv), server.port)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("only", nargs="*", default=["*"], help="names or patterns of bundles")
    parser.add_argument("--assay", type=Path, default=ROOT / "build/release/bin/assay", help="the program")
    parser.add_argument("--complete-sandbox", action="store_true", help="all scripts in newman's own sandbox")
    options = parser.parse_args()
    sandbox = ["--complete-sandbox"] if options.complete_sandbox else []
    chosen = sorted({b for only in options.only for b in bundles.all_bundles(only)})
    failed = 0
    for bundle in chosen:
        wrong = run(options.assay.resolve(), bundle, sandbox)
        failed += bool(wrong)
        for line in wrong:
            print(f"{bundle.name}: {line}")
    print(f"{len(chosen) - failed} passed, {failed} failed")
    return 1 if failed or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())

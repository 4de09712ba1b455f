#!/usr/bin/env python3
"""Makes expected.csv of the golden bundles again, with the pinned newman.

newman is installed into build/conformance/ as for the conformance test, or taken from --newman. Each bundle
is run twice; a bundle whose two reports differ is not a golden, and the script says so and fails.
"""
import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import bundles
from canned_server import CannedServer

sys.path.insert(0, str(bundles.HERE.parent / "conformance"))
import newman_parity  # noqa: E402


def report(newman, bundle):
    with CannedServer(bundles.server_entries(bundle)) as server, tempfile.TemporaryDirectory() as scratch:
        csv = Path(scratch) / "out.csv"
        command = ["node", newman, "run", "collection.json", *bundles.options(bundle, server.port),
                   "-r", "csv", "--reporter-csv-export", csv]
        try:
            done = subprocess.run(command, cwd=bundle, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        except subprocess.TimeoutExpired:
            print(f"{bundle.name}: newman did not end")
            return None
        if not csv.exists():
            print(f"{bundle.name}: newman wrote no report\n{done.stdout}{done.stderr}")
            return None
        return bundles.comparable(bundles.newman_csv.read(csv), server.port)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("only", nargs="*", default=["*"], help="names or patterns of bundles")
    parser.add_argument("--newman", type=Path, help="newman.js to use")
    options = parser.parse_args()
    if not options.newman:
        (newman_parity.CACHE / "work").mkdir(parents=True, exist_ok=True)
        options.newman = newman_parity.newman_folder() / "node_modules/newman/bin/newman.js"
    unstable = 0
    for bundle in sorted({b for only in options.only for b in bundles.all_bundles(only)}):
        first, second = report(options.newman, bundle), report(options.newman, bundle)
        if first is None or first != second:
            unstable += 1
            print(f"{bundle.name}: no report, or two that differ")
            continue
        expected = bundle / "expected.csv"
        before = expected.read_bytes() if expected.exists() else b""
        expected.write_bytes(first.encode())
        print(f"{bundle.name}: {'same' if before == first.encode() else 'written'}")
    return 1 if unstable else 0


if __name__ == "__main__":
    sys.exit(main())

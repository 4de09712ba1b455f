#!/usr/bin/env python3
"""Every bundle of hurl/ through assay: the same assertions hold, and the same errors at the same places, as with hurl.

With hurl 8 on PATH its own report is made and compared with, else the stored one (expected.json). --make stores
hurl's reports again. Prints each mismatch and a closing line `N passed, N failed`. Exit: 0 none failed, 1 otherwise.
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from canned_server import CannedServer

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUNDLES = HERE / "hurl"
LIMIT_S = 60

# Not assertions of assay: a version that is not named holds always.
VACUOUS = re.compile(r"HTTP[ \t]")


def plain(text, port):
    """Without what differs from run to run: the port, times, random boundaries."""
    return re.sub(r"-{24}[0-9A-Za-z]+", "BOUNDARY", text.replace(str(port), "PORT"))


def squeezed(lines):
    return [" ".join(line.split()) for line in lines if line.strip()]


def run(command, bundle):
    environment = {name: value for name, value in os.environ.items() if not name.upper().startswith("HURL_")}
    return subprocess.run(command, cwd=bundle, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          errors="replace", timeout=LIMIT_S, env=environment)


def rendered_errors(stderr, port):
    """[title, line, column, message lines] of each error that hurl prints."""
    errors = []
    for block in re.split(r"^error: ", stderr, flags=re.M)[1:]:
        title, _, rest = block.partition("\n")
        place = re.search(r"--> suite\.hurl:(\d+):(\d+)", rest)
        if not place:
            continue
        message = []
        for line in rest.splitlines():
            shown = re.match(r"\s*\|(.*)", line)  # a source line has its number before the bar
            if shown and not shown[1].strip().startswith(("...", "GET", "POST", "PUT", "DELETE")):
                message.append(re.sub(r"^\s*\^+\s?", "", shown[1]))
        errors.append([title, int(place[1]), int(place[2]), squeezed(plain("\n".join(message), port).splitlines())])
    return errors


def by_hurl(hurl, bundle, arguments, port):
    done = run([hurl, "--json", *arguments, "suite.hurl"], bundle)
    errors = rendered_errors(done.stderr, port)
    if not done.stdout.strip():
        return {"refused": errors[0] if errors else done.stderr}
    source = (bundle / "suite.hurl").read_text().splitlines()
    last = {entry["index"]: entry for entry in json.loads(done.stdout)["entries"]}  # of a repeated one
    passed = 0
    for entry in last.values():
        seen = set()
        passed += len(entry["captures"])
        for made in entry["asserts"]:
            vacuous = made["line"] not in seen and VACUOUS.match(source[made["line"] - 1].strip())
            seen.add(made["line"])
            passed += made["success"] and not vacuous
    return {"passed": passed, "errors": errors}


def by_assay(assay, bundle, arguments, port):
    with tempfile.TemporaryDirectory(prefix="assay-hurl-") as scratch:
        report = Path(scratch) / "report.ndjson"
        done = run([assay, "suite", "run", "suite.hurl", *arguments, "--reporters", "ndjson", "--reporter-ndjson-export",
                    report], bundle)
        steps = [json.loads(line) for line in report.read_text().splitlines()] if report.exists() else []
    if "read Hurl file: " in done.stderr:
        place = re.search(r"read Hurl file: suite\.hurl:(\d+):(\d+): ([^:]+): (.*)", done.stderr)
        return {"refused": [place[3], int(place[1]), int(place[2]), squeezed([place[4]])] if place else done.stderr}
    errors, unanswered, passed = [], [], 0
    for step in (step for step in steps if step["event"] == "request"):
        made = [(each["status"], each.get("message") or "") for each in step["assertions"]]
        passed += sum(status == "passed" for status, _ in made)
        texts = [message for status, message in made if status == "failed"]
        texts += [f"{each['kind']}: {each['message']}" for each in step.get("script_errors", [])]
        for text in texts:
            place = re.search(r"^(.*) \(suite\.hurl:(\d+):(\d+)\)$", text, flags=re.M)
            if not place:
                continue  # not reached
            title = next((known for known in TITLES if place[1].endswith(known)), place[1])
            message = plain(text[place.end():].lstrip("\n"), port).split("\n\n")[0]
            errors.append([title, int(place[2]), int(place[3]), squeezed(message.splitlines())])
        if step.get("error") and not step.get("skipped"):
            unanswered.append(["HTTP connection", 0, 0, [step["error"]]])
    return {"passed": passed, "errors": errors + unanswered}


TITLES = ["Assert body value", "Assert failure", "Assert header value", "Assert status code", "Assert HTTP version",
          "Decompression error", "File read access", "Filter error", "Header not found", "Invalid JSONPath", "Invalid JSON",
          "Invalid XML", "Invalid XPath expression", "Invalid charset", "Invalid decoding", "Invalid expression type",
          "Invalid option value", "Invalid regex", "Invalid secret type", "Invalid URL", "No query result",
          "Unauthorized file access", "Undefined variable", "Unrenderable expression"]


def mismatches(expected, got):
    if "refused" in expected or "refused" in got:
        want, have = expected.get("refused", expected), got.get("refused", got)
        # A pattern's message is the regular expression library's own.
        both = isinstance(want, list) and isinstance(have, list)
        if want != have and not (both and want[:3] == have[:3] and want[0] == "Parsing regex"):
            yield f"refused: expected {want}, got {have}"
        return
    if expected["passed"] != got["passed"]:
        yield f"expected {expected['passed']} passed, got {got['passed']}"
    for at in range(max(len(expected["errors"]), len(got["errors"]))):
        want, have = (side[at] if at < len(side) else None for side in (expected["errors"], got["errors"]))
        if want and have and want[0] == have[0] == "HTTP connection":
            continue  # the words are curl's and Node's
        if want and have and want[0] == have[0] == "Assert body value" and len(want[3]) > 1:
            continue  # a diff: where it begins and how much it shows differs
        if want != have:
            yield f"error {at + 1}:\n   expected {want}\n   got      {have}"


def on_path():
    hurl = shutil.which("hurl")
    version = subprocess.run([hurl, "--version"], capture_output=True, text=True).stdout if hurl else ""
    return hurl if version.startswith("hurl 8.") else None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("only", nargs="*", default=["*"], help="names or patterns of bundles")
    parser.add_argument("--assay", type=Path, default=ROOT / "build/release/bin/assay", help="the program")
    parser.add_argument("--make", action="store_true", help="store hurl's reports instead of comparing")
    options = parser.parse_args()
    hurl = on_path()
    if options.make and not hurl:
        sys.exit("--make needs hurl 8 on PATH: cargo install hurl --locked --version 8.0.1")
    chosen = sorted({bundle for only in options.only for bundle in BUNDLES.glob(only) if bundle.is_dir()})
    failed = 0
    for bundle in chosen:
        stored = bundle / "expected.json"
        extra = bundle / "options.json"

        def report(by, program):
            with CannedServer(json.loads((bundle / "server.json").read_text())) as server:
                arguments = ["--variable", f"BASE=http://127.0.0.1:{server.port}",
                             *(json.loads(extra.read_text()) if extra.exists() else [])]
                return by(program, bundle, arguments, server.port)

        expected = report(by_hurl, hurl) if hurl else json.loads(stored.read_text())
        if options.make:
            stored.write_text(json.dumps(expected, indent=1, ensure_ascii=False) + "\n")
            continue
        wrong = list(mismatches(expected, report(by_assay, options.assay.resolve())))
        failed += bool(wrong)
        for line in wrong:
            print(f"{bundle.name}: {line}")
    print(f"{len(chosen) - failed} {'stored' if options.make else 'passed'}, {failed} failed")
    return 1 if failed or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())

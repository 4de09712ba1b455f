"""What the end-to-end tests share: the program, its run folders, and a tiny runner. Standard library only."""
import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
CORPUS = ROOT / "tests/corpus"
BACKENDS = CORPUS / "backends"
SKIP = 77  # ctest: skipped

sys.dont_write_bytecode = True


def shared_collection():
    """The collection of the paper, where it stands beside the checkout; else None."""
    folder = Path(os.environ.get("ASSAY_SHARED") or ROOT.parent / "shared")
    if (folder / "constraint-decay").is_dir():
        folder = folder / "constraint-decay"
    file = folder / "Conduit.postman_collection.json"
    return file if file.is_file() else None


def environment(**more):
    """The caller's, but without options of assay's: a test says itself what it runs with."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ASSAY_")}
    return kept | more


class Assay:
    def __init__(self, program):
        self.program = Path(program).resolve()

    def start(self, *arguments, **more):
        more.setdefault("env", environment())
        return subprocess.Popen([str(self.program), *map(str, arguments)], stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace", **more)

    def __call__(self, *arguments, timeout=300, **more):
        """The completed process. When it takes longer than `timeout` seconds the test fails."""
        process = self.start(*arguments, **more)
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)  # its launchers end with it
            out, err = process.communicate()
            raise AssertionError(f"not done after {timeout} s: assay {' '.join(map(str, arguments))}\n{err[-3000:]}")
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def batch(self, batch, out, *options, code=0, **more):
        """`assay run` of a batch, which must end with `code`; {id: result}."""
        done = self("run", batch, "-o", out, "--progress", "plain", *options, **more)
        assert done.returncode == code, f"assay run ended with {done.returncode}, expected {code}:\n{done.stderr[-3000:]}"
        return results(out)


def lines(file):
    return [json.loads(line) for line in Path(file).read_text(encoding="utf-8").splitlines()]


def results(run):
    found = {}
    for line in lines(Path(run) / "results.jsonl"):
        assert line["id"] not in found, f"two results of {line['id']}"
        found[line["id"]] = line
    return found


def counts(result):
    """(total, passed, failed) of a verdict; a fault is an assertion error, with its reason."""
    assert "verdict" in result, f"{result['id']}: {result.get('fault')}"
    return tuple(result["verdict"]["assertions"][name] for name in ("total", "passed", "failed"))


def decision(result):
    """All of a verdict that must be the same however the submission came in."""
    verdict = result.get("verdict")
    assert verdict, f"{result['id']}: {result.get('fault')}"
    return {"assertions": verdict["assertions"], "succeeded": verdict["succeeded"],
            "structure": [(rule["rule"], rule["holds"]) for rule in verdict["structure"]]}


def expected(name):
    return json.loads((CORPUS / "expected" / f"{name}.json").read_text(encoding="utf-8"))


class Skip(Exception):
    pass


def main(*tests, description, options=None):
    """Runs test(assay, scratch folder) one after the other; exit 0, 1, or 77 when all that ran was skipped."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--assay", default=ROOT / "build/release/bin/assay", help="the program")
    if options:
        options(parser)
    chosen = parser.parse_args()
    assay = Assay(chosen.assay)
    if not assay.program.exists():
        sys.exit(f"{assay.program} does not exist: build it, or give --assay")
    failed = skipped = 0
    for test in tests:
        name = test.__name__.replace("_", " ")
        with tempfile.TemporaryDirectory(prefix="assay-test-") as scratch:
            try:
                test(assay, Path(scratch), *([chosen] if options else []))
                print(f"ok      {name}")
            except Skip as reason:
                skipped += 1
                print(f"skipped {name}: {reason}")
            except AssertionError as error:
                failed += 1
                print(f"FAILED  {name}: {error or traceback.format_exc()}")
            except Exception:
                failed += 1
                print(f"FAILED  {name}: {traceback.format_exc()}")
        sys.stdout.flush()
    if failed:
        sys.exit(1)
    sys.exit(SKIP if skipped == len(tests) else 0)

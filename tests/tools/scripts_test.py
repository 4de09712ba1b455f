#!/usr/bin/env python3
"""The scripts of tools/: what check-corpus finds, and what setup does with a machine that lacks packages."""
import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
import unittest
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.dont_write_bytecode = True
loader = SourceFileLoader("check_corpus", str(ROOT / "tools/check-corpus"))
check_corpus = module_from_spec(spec_from_loader("check_corpus", loader))
loader.exec_module(check_corpus)


class CheckCorpus(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="assay-test-")
        self.addCleanup(folder.cleanup)
        self.run_folder = Path(folder.name)
        self.expected = self.run_folder / "expected"
        self.expected.mkdir()
        self.expect("good", (10, 10, 0), {"clean_architecture": True})
        self.expect("bad", (10, 4, 6), {"database": False}, category="logic_error")

    def expect(self, name, counts, structure, **more):
        triple = dict(zip(("total", "passed", "failed"), counts))
        (self.expected / f"{name}.json").write_text(json.dumps(
            {"assertions": triple, "conduit": triple, "structure": structure} | more))

    def result(self, name, counts, structure, succeeded, **more):
        return {"id": name, "verdict": {
            "assertions": dict(zip(("total", "passed", "failed", "skipped"), (*counts, 0))), "succeeded": succeeded,
            "structure": [{"rule": rule, "holds": holds, "findings": []} for rule, holds in structure.items()]}} | more

    def good(self, **more):
        return self.result("good", (10, 10, 0), {"paper/clean-architecture": True}, True, **more)

    def bad(self, **more):
        return self.result("bad", (10, 4, 6), {"database": False}, False, **more)

    def check(self, *results, **options):
        (self.run_folder / "results.jsonl").write_text("".join(json.dumps(each) + "\n" for each in results))
        return check_corpus.check(self.run_folder, expected_folder=self.expected, **options)

    def test_results_as_expected_with_and_without_a_pack_in_front_of_rules(self):
        self.assertEqual(self.check(self.bad(), self.good()), (2, []))

    def test_a_count_that_differs_is_named(self):
        good, lines = self.check(self.bad(), self.result("good", (10, 9, 1), {"paper/clean-architecture": True}, False))
        self.assertEqual(good, 1)
        self.assertIn("good: assertions 10/9/1 (total/passed/failed), expected 10/10/0", lines)

    def test_a_fault_is_a_mismatch(self):
        good, lines = self.check(self.bad(), {"id": "good", "fault": {"step": "launch", "reason": "no room"}})
        self.assertEqual((good, lines), (1, ["good: fault in launch: no room"]))

    def test_a_rule_that_differs_is_missing_or_too_many_is_named(self):
        for structure in ({"clean_architecture": False}, {}, {"clean_architecture": True, "orm": True}):
            _, lines = self.check(self.bad(), self.result("good", (10, 10, 0), structure, True))
            self.assertEqual(len(lines), 1, lines)
            self.assertIn("good: rule", lines[0])

    def test_succeeded_must_follow_from_assertions_and_rules(self):
        _, lines = self.check(self.good(), self.result("bad", (10, 4, 6), {"database": False}, True))
        self.assertEqual(lines, ["bad: succeeded: True, expected False"])

    def test_a_submission_that_is_missing_twice_or_unknown_is_named(self):
        self.assertEqual(self.check(self.good())[1], ["bad: 0 results, expected 1"])
        self.assertEqual(self.check(self.good(), self.good(), self.bad())[1], ["good: 2 results, expected 1"])
        self.assertEqual(len(self.check(self.good(), self.bad(), self.good() | {"id": "other"})[1]), 1)

    def test_copies_carry_their_number(self):
        copies = [each | {"id": f"{each['id']}#{n}"} for each in (self.good(), self.bad()) for n in (1, 2)]
        self.assertEqual(self.check(*copies, repeat=2), (4, []))
        self.assertEqual(len(self.check(*copies[1:], repeat=2)[1]), 1)

    def test_categories_count_when_asked_for(self):
        wrong = self.bad(failure={"category": "other"})
        self.assertEqual(self.check(self.good(), wrong), (2, []))
        self.assertEqual(self.check(self.good(), wrong, categories=True)[1],
                         ["bad: category other, expected logic_error"])

    def test_nothing_at_all_is_no_success(self):
        (self.run_folder / "results.jsonl").write_text("")
        with contextlib.redirect_stdout(io.StringIO()) as out:
            sys.argv = ["check-corpus", str(self.run_folder), "--only", "nothing"]
            self.assertEqual(check_corpus.main(), 1)
        self.assertEqual(out.getvalue(), "corpus: 0 as expected, 0 not\n")


class Setup(unittest.TestCase):
    """tools/setup with a package manager of ours: dpkg-query knows `installed`, apt-get and sudo write down their call."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="assay-test-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        (self.folder / "tools").mkdir()
        (self.folder / "bin").mkdir()
        text = (ROOT / "tools/setup").read_text()
        self.assertEqual((text.count("/usr/bin/node"), text.count("/usr/bin/npm")), (1, 1))
        (self.folder / "tools/setup").write_text(text.replace("-x /usr/bin/", f"-x {self.folder}/bin/"))
        (self.folder / "tools/packages.txt").write_text(
            "[build]\none # because\ntwo\n[node]\nnodejs\nnpm\n[lint]\nthree\n")
        self.calls = self.folder / "calls"
        self.program("apt-get", f'echo "apt-get $*" >> {self.calls}')

    def program(self, name, script):
        file = self.folder / "bin" / name
        file.write_text("#!/bin/bash\n" + script + "\n")
        file.chmod(0o755)

    def setup_script(self, *sections, installed, uid=0, programs=("node", "npm")):
        known = "".join(f'[ "$name" = {name} ] && echo "{name} installed"; ' for name in installed)
        self.program("dpkg-query", f'for name in "${{@:3}}"; do {known} done; exit 1')
        self.program("id", f"echo {uid}")
        for name in programs:
            self.program(name, "true")
        # Nothing of the machine's own but what a shell script needs.
        for name in ("bash", "awk", "grep", "dirname", "env", "cat"):
            real = subprocess.run(["bash", "-c", f"command -v {name}"], capture_output=True, text=True).stdout.strip()
            (self.folder / "bin" / name).exists() or (self.folder / "bin" / name).symlink_to(real)
        done = subprocess.run(["bash", str(self.folder / "tools/setup"), *sections], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, env={"PATH": str(self.folder / "bin")}, timeout=60)
        return done, self.calls.read_text().splitlines() if self.calls.exists() else []

    def test_nothing_is_done_when_all_is_there(self):
        done, calls = self.setup_script(installed=["one", "two"])
        self.assertEqual((done.returncode, done.stdout, done.stderr, calls), (0, "", "", []))

    def test_root_installs_what_is_missing_and_nothing_else(self):
        done, calls = self.setup_script(installed=["one"])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(calls, ["apt-get update -q", "apt-get install -y --no-install-recommends two"])

    def test_debians_node_is_only_for_machines_without_one(self):
        _, calls = self.setup_script(installed=["one", "two"], programs=("node",))
        self.assertEqual(calls[-1], "apt-get install -y --no-install-recommends nodejs npm")

    def test_a_user_without_sudo_is_told_the_command(self):
        done, calls = self.setup_script(installed=["two"], uid=1000)
        self.assertEqual((done.returncode, calls), (1, []))
        self.assertIn("apt-get update && apt-get install -y --no-install-recommends one\n", done.stderr)

    def test_a_user_who_may_uses_sudo(self):
        self.program("sudo", f'echo "sudo $*" >> {self.calls}')
        done, calls = self.setup_script("lint", installed=[], uid=1000)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(calls[-1].split(" ", 1)[0], "sudo")
        self.assertTrue(calls[-1].endswith("apt-get install -y --no-install-recommends three"), calls)

    def test_a_section_that_does_not_exist_is_a_usage_error(self):
        done, _ = self.setup_script("nothing", installed=[])
        self.assertEqual(done.returncode, 2)

    def test_the_real_list_gives_a_reason_for_every_package(self):
        for line in (ROOT / "tools/packages.txt").read_text().splitlines():
            if line and line[0] not in "#[":
                self.assertRegex(line, r"^[a-z0-9.+-]+ +# \S+", line)


if __name__ == "__main__":
    unittest.main()

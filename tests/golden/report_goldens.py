#!/usr/bin/env python3
"""Reports of a whole run, byte for byte, valid by their published schemas, and harmless to whoever opens them."""
import json
import subprocess
import sys
import xml.etree.ElementTree as tree
from html.parser import HTMLParser
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))
from support import ROOT, main  # noqa: E402

FOLDER = ROOT / "tests/golden/reports"
FILES = {"junit": "junit.xml", "ctrf": "ctrf.json", "tap": "results.tap", "sarif": "results.sarif", "html": "report.html"}
SCRIPT = "<script>alert(1)</script>"


def report(assay, kind, out):
    file = out / FILES[kind]
    done = assay("report", FOLDER / "run", "--report", f"{kind}={file}")
    assert done.returncode == 0, done.stderr
    version = assay("--version").stdout.split()[-1]
    return file.read_text(encoding="utf-8").replace(version, "VERSION")


def valid(command, what):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{what} is not valid by its schema (tools/setup test installs what validates it): {done.stderr[-2000:]}"


def valid_json(file, schema):
    # The interpreter that Debian's python3-jsonschema belongs to.
    code = "import json, sys, jsonschema; jsonschema.validate(*(json.load(open(name)) for name in sys.argv[1:]))"
    valid(["/usr/bin/python3", "-W", "ignore", "-c", code, str(file), str(FOLDER / "schemas" / schema)], file.name)


def reports_are_byte_for_byte_as_expected(assay, scratch, chosen):
    for kind, name in FILES.items():
        text = report(assay, kind, scratch)
        expected = FOLDER / "expected" / name
        if chosen.update:
            expected.write_text(text, encoding="utf-8")
        assert text == expected.read_text(encoding="utf-8"), f"{name} differs from tests/golden/reports/expected/{name}"
        assert not list(scratch.glob("*.tmp.*")), "something was left beside the report"


def standard_output_takes_the_same_bytes(assay, scratch, _):
    done = assay("report", FOLDER / "run", "--report", "tap=-")
    assert done.returncode == 0 and done.stdout == report(assay, "tap", scratch), done.stderr


def junit_is_valid_and_its_counts_are_its_elements(assay, scratch, _):
    text = report(assay, "junit", scratch)
    valid(["xmllint", "--noout", "--nonet", "--schema", FOLDER / "schemas/junit-10.xsd", scratch / FILES["junit"]], "junit.xml")
    for suite in tree.fromstring(text):
        for attribute, path in {"tests": "testcase", "failures": "testcase/failure", "errors": "testcase/error",
                                "skipped": "testcase/skipped"}.items():
            assert int(suite.get(attribute)) == len(suite.findall(path)), (suite.get("name"), attribute)
    names = [suite.get("name") for suite in tree.fromstring(text)]
    assert names == ["again", "broken", "down/<i>1", "good", "hostile"], names
    assert "of the first attempt" not in text, "requests of an attempt that does not count"


def ctrf_is_valid_and_its_summary_is_its_tests(assay, scratch, _):
    value = json.loads(report(assay, "ctrf", scratch))
    valid_json(scratch / FILES["ctrf"], "ctrf-schema-0.0.json")
    results = value["results"]
    for status in ("passed", "failed", "skipped", "other"):
        assert results["summary"][status] == sum(test["status"] == status for test in results["tests"]), status
    assert results["summary"]["tests"] == len(results["tests"])


def sarif_is_valid_and_names_file_and_line(assay, scratch, _):
    value = json.loads(report(assay, "sarif", scratch))
    valid_json(scratch / FILES["sarif"], "sarif-2.1.0-rtm.5.json")
    broken = [each for each in value["runs"][0]["results"] if each["kind"] == "fail"]
    place = broken[0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "hostile/src/a%20b%3Ci%3E.py" and place["region"]["startLine"] == 12, place
    assert "locations" not in broken[1], "a finding without a file"


def tap_counts_its_tests(assay, scratch, _):
    lines = report(assay, "tap", scratch).splitlines()
    tests = [line for line in lines if line.startswith(("ok ", "not ok "))]
    assert lines[0] == "TAP version 14" and lines[-1] == f"1..{len(tests)}", lines[-1]
    assert [int(line.replace("not ", "").split()[1]) for line in tests] == list(range(1, len(tests) + 1))
    assert not any("\x1b" in line for line in lines), "an escape of a server reached a line"


class Page(HTMLParser):
    VOID = {"meta", "input"}

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.tags, self.open, self.text = set(), [], ""

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        for name, value in attributes:
            assert name not in {"src", "href", "style"} and not name.startswith("on"), f"<{tag} {name}={value}>"
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data):
        self.text += data


def html_loads_nothing_runs_nothing_and_shows_hostile_text_as_text(assay, scratch, _):
    text = report(assay, "html", scratch)
    page = Page()
    page.feed(text)
    page.close()
    assert not page.open, f"never closed: {page.open}"
    assert page.tags <= {"html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "div", "span", "table", "tr",
                         "th", "td", "input", "label", "details", "summary", "b", "pre"}, page.tags
    assert SCRIPT in page.text and SCRIPT not in text
    assert "curl --location" in page.text and "- 'quiet\nline'" in page.text and "cut" in page.text
    assert "default-src 'none'" in text
    assert "omitted" not in page.text and page.text.count("curl ") == 1, "no command for a body that is not whole"


def a_run_folder_that_is_none_is_an_error_with_its_remedy(assay, scratch, _):
    done = assay("report", scratch, "--report", "junit")
    assert done.returncode == 2 and "manifest.json" in done.stderr, done.stderr
    done = assay("report", FOLDER / "run", "--report", "pdf")
    assert done.returncode == 2 and "take some of junit, ctrf, tap, sarif, html" in done.stderr, done.stderr
    done = assay("report", FOLDER / "run", "--report", f"junit={scratch}/none/junit.xml")
    assert done.returncode == 2 and "check the folder" in done.stderr, done.stderr
    (scratch / "manifest.json").write_text("{}\n")
    (scratch / "events.ndjson").write_text('{"event": "verdict", "submission": "a", "record": {"id": 1}}\n')
    done = assay("report", scratch, "--report", f"junit={scratch}/junit.xml")
    assert done.returncode == 2 and "another version of assay" in done.stderr, done.stderr
    assert not (scratch / "junit.xml").exists(), "half a report"


if __name__ == "__main__":
    main(reports_are_byte_for_byte_as_expected, standard_output_takes_the_same_bytes,
         junit_is_valid_and_its_counts_are_its_elements, ctrf_is_valid_and_its_summary_is_its_tests,
         sarif_is_valid_and_names_file_and_line, tap_counts_its_tests,
         html_loads_nothing_runs_nothing_and_shows_hostile_text_as_text,
         a_run_folder_that_is_none_is_an_error_with_its_remedy, description=__doc__,
         options=lambda parser: parser.add_argument("--update", action="store_true", help="write the expected files"))

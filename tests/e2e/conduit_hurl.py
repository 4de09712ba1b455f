#!/usr/bin/env python3
"""The Conduit suite in Hurl files over the corpus: correct backends pass all of it, the total never moves."""
import json
import xml.etree.ElementTree

import support

SUITE = support.CORPUS / "conduit"
TOTAL = 329
CORRECT = [f"{name}-ok" for name in ("aiohttp", "django", "express", "fastapi", "fastify", "flask", "hono", "koa")]
# Defects and how much of the suite they leave. express-wrong-query passes all of the study's own collection.
DEFECTIVE = {"express-wrong-query": 254, "django-wrong-filters": 232, "koa-wrong-schema": 185, "express-broken-auth": 74,
             "fastify-empty-body": 322, "flask-does-not-start": 0}
LIMITS = ["--timeout-request", 1000, "--ready-timeout", 5]


def correct_backends_pass_all_of_it_and_defective_ones_what_is_stated(assay, scratch):
    found = {}
    for name in [*CORRECT, *DEFECTIVE]:
        found |= assay.batch(support.BACKENDS, scratch / name, "--filter", name, "--suite", SUITE, *LIMITS)
    for name in CORRECT:
        assert support.counts(found[name]) == (TOTAL, TOTAL, 0), f"{name}: {support.counts(found[name])}"
    for name, passed in DEFECTIVE.items():
        assert support.counts(found[name]) == (TOTAL, passed, TOTAL - passed), f"{name}: {support.counts(found[name])}"


def an_unreadable_hurl_file_is_usage_and_names_the_place(assay, scratch):
    (scratch / "wrong.hurl").write_text("GET {{APIURL}}/tags\nHTTP ok\n")
    done = assay("run", support.BACKENDS, "--filter", "koa-ok", "-o", scratch / "run", "--suite", scratch / "wrong.hurl")
    assert done.returncode == 2, f"ended with {done.returncode}"
    assert "wrong.hurl:2:6: Parsing status code" in done.stderr, done.stderr


def every_report_names_every_entry(assay, scratch):
    (scratch / "b.hurl").write_text("# Tags\nGET {{host}}/tags?a=1\nHTTP 200\nGET {{host}}/tags\nHTTP 200\n")
    (scratch / "c.hurl").write_text("GET {{host}}/tags\nHTTP 200\nGET {{host}}/tags\nHTTP 200\n")
    suite = scratch / "suite"
    suite.mkdir()
    for name in "bc":
        (scratch / f"{name}.hurl").rename(suite / f"{name}.hurl")
    short = ["Tags", "GET {{host}}/tags", "GET {{host}}/tags #1", "GET {{host}}/tags #2"]
    full = [f"{file} / {name}" for file, name in zip("bbcc", short)]
    for parallel in (1, 2):
        kinds = ("json", "junit", "ctrf", "tap", "csv", "ndjson")
        files = {kind: scratch / f"{kind}.{parallel}" for kind in kinds}
        options = [word for kind, file in files.items() for word in (f"--reporter-{kind}-export", file)]
        done = assay("suite", "run", suite, "--base-url", "http://127.0.0.1:1", "--parallel", parallel, *options)
        assert done.returncode == 1, done.stderr

        found = json.loads(files["json"].read_text())
        items = found["collection"]["item"]
        assert [item["name"] for item in items] == short, items
        assert len({item["id"] for item in items}) == 4 and items[0]["id"].endswith("b.hurl:2"), items
        assert items[0]["request"]["method"] == "GET", items[0]
        assert items[0]["request"]["url"]["path"] == ["tags"], items[0]
        assert [each["key"] for each in items[0]["request"]["url"]["query"]] == ["a"], items[0]
        run = [execution["item"]["name"] for execution in found["run"]["executions"]]
        assert run == [name for name in short if name in ("Tags", "GET {{host}}/tags #1")], run
        assert {each["source"]["name"] for each in found["run"]["failures"]} == set(short), found["run"]["failures"]

        suites = xml.etree.ElementTree.parse(files["junit"]).getroot()
        assert [each.get("name") for each in suites] == full, [each.attrib for each in suites]
        tests = json.loads(files["ctrf"].read_text())["results"]["tests"]
        assert {test["name"].rsplit(": ", 1)[0] for test in tests} == set(full), tests
        tap = files["tap"].read_text().replace("\\#", "#")  # which begins a directive there
        assert all(name in tap for name in full), tap
        events = [json.loads(line) for line in files["ndjson"].read_text().splitlines()]
        assert [each["item"] for each in events if each["event"] == "request"] == short, events


if __name__ == "__main__":
    support.main(correct_backends_pass_all_of_it_and_defective_ones_what_is_stated,
                 an_unreadable_hurl_file_is_usage_and_names_the_place, every_report_names_every_entry, description=__doc__)

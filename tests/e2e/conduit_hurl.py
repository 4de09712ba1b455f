#!/usr/bin/env python3
"""The Conduit suite in Hurl files over the corpus: correct backends pass all of it, the total never moves."""
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


if __name__ == "__main__":
    support.main(correct_backends_pass_all_of_it_and_defective_ones_what_is_stated,
                 an_unreadable_hurl_file_is_usage_and_names_the_place, description=__doc__)

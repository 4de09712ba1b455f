#!/usr/bin/env python3
"""A thousand runs at once against a slow server stay small, and every outcome comes exactly once."""
import json

import support

RUNS = 1000
MOST_BYTES = 600 * 10**6

REQUESTS = [
    ("Register", "POST", "/users", {"user": {"username": "{{USERNAME}}", "email": "{{EMAIL}}",
                                             "password": "{{PASSWORD}}"}},
     ["var body = JSON.parse(responseBody);",
      "tests['a token came'] = typeof body.user.token === 'string';",
      "pm.globals.set('token', body.user.token);"]),
    ("Who am I", "GET", "/user", None,
     ["tests['it is me'] = JSON.parse(responseBody).user.username === pm.globals.get('USERNAME');"]),
    ("All articles", "GET", "/articles", None,
     ["tests['an empty list'] = JSON.parse(responseBody).articles.length === 0;",
      "tests['200'] = responseCode.code === 200;"]),
]


def collection():
    items = []
    for name, method, path, body, script in REQUESTS:
        request = {"method": method, "url": "{{APIURL}}" + path, "header": [
            {"key": "Content-Type", "value": "application/json"},
            {"key": "Authorization", "value": "Token {{token}}"}]}
        if body is not None:
            request["body"] = {"mode": "raw", "raw": json.dumps(body)}
        items.append({"name": name, "request": request,
                      "event": [{"listen": "test", "script": {"type": "text/javascript", "exec": script}}]})
    return {"info": {"name": "three steps", "schema":
                     "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"}, "item": items}


def a_thousand_runs_wait_in_little_memory_and_lose_nothing(assay, scratch):
    suite = scratch / "three.postman_collection.json"
    suite.write_text(json.dumps(collection()))
    report = scratch / "report.json"
    done = assay("bench", "dispatch", "--collection", suite, "--at-once", RUNS, "--delay", 500, "--json", report)
    assert done.returncode == 0, done.stderr
    found = json.loads(report.read_text())
    assert (found["requests"], found["assertions"]) == (3, 4), found
    # They did wait together: a machine that is busy may let the first answer go before the last request comes.
    assert found["most_waiting"] > RUNS // 2, found
    assert (found["lost"], found["doubled"], found["failed"]) == (0, 0, 0), found
    assert found["resident_peak"] < MOST_BYTES, found


if __name__ == "__main__":
    support.main(a_thousand_runs_wait_in_little_memory_and_lose_nothing, description=__doc__)

#!/usr/bin/env python3
"""assay suite run --parallel: independent folders meet at the server, dependent ones keep their order, the report too."""
import http.server
import json
import threading

import support


class Meeting:
    """A server whose /meet/... are answered when `wanted` of them wait together."""

    def __init__(self, wanted):
        self.order = []
        together = threading.Barrier(wanted)
        order = self.order

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                order.append(self.path)
                code = 200
                if self.path.startswith("/meet/"):
                    try:
                        together.wait(10)
                    except threading.BrokenBarrierError:
                        code = 500
                self.send_response(code)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def item(name, path, script=""):
    check = "pm.test('200', () => pm.response.to.have.status(200));"
    return {"name": name, "request": "{{APIURL}}" + path,
            "event": [{"listen": "test", "script": {"exec": check + script}}]}


def written(scratch, folders):
    suite = scratch / "c.postman_collection.json"
    items = [{"name": name, "item": inside} for name, inside in folders.items()]
    suite.write_text(json.dumps({"info": {"name": "C"}, "item": items}))
    return suite


def told(assay, scratch, suite, meeting, *options):
    report = scratch / "report.ndjson"
    done = assay("suite", "run", suite, "--base-url", meeting.url, "--reporter-ndjson-export", report, *options)
    events = [json.loads(line) for line in report.read_text().splitlines()] if report.exists() else []
    return done, [event["item"] for event in events if "item" in event]


def independent_folders_wait_together_and_dependent_ones_do_not(assay, scratch):
    meeting = Meeting(2)
    suite = written(scratch, {
        "A": [item("a", "/meet/a", "pm.environment.set('token', 'made-by-a')")],
        "B": [item("b", "/meet/b")],
        "C": [item("c", "/c?{{token}}")]})
    done, names = told(assay, scratch, suite, meeting, "--parallel", 4)
    assert done.returncode == 0, done.stdout + done.stderr
    assert names == ["a", "c", "b"], names
    assert meeting.order[-1] == "/c?made-by-a", meeting.order
    assert 'in sequence: "C" reads "token", which "A" sets' in done.stderr, done.stderr


def a_suite_without_independent_parts_says_so_and_runs(assay, scratch):
    meeting = Meeting(1)
    suite = written(scratch, {"A": [item("a", "/a", "pm.globals.set(name(), 1); function name() { return 'x'; }")],
                              "B": [item("b", "/{{x}}")]})
    done, names = told(assay, scratch, suite, meeting, "--parallel", 2)
    assert done.returncode == 0, done.stdout + done.stderr
    assert names == ["a", "b"], names
    assert meeting.order == ["/a", "/1"], meeting.order
    assert "nothing in C can run beside anything else" in done.stderr, done.stderr


def hurl_files_wait_together(assay, scratch):
    meeting = Meeting(2)
    folder = scratch / "files"
    folder.mkdir()
    for name in ("a", "b"):
        (folder / f"{name}.hurl").write_text(f"# {name}\nGET {{{{host}}}}/meet/{name}\nHTTP 200\n")
    done, names = told(assay, scratch, folder, meeting, "--parallel", 2)
    assert done.returncode == 0, done.stdout + done.stderr
    assert names == ["a", "b"], names


def bail_is_refused(assay, scratch):
    suite = written(scratch, {"A": [item("a", "/a")]})
    done, _ = told(assay, scratch, suite, Meeting(1), "--parallel", 2, "--bail")
    assert done.returncode == 2, (done.returncode, done.stderr)
    assert "--bail" in done.stderr, done.stderr


if __name__ == "__main__":
    support.main(independent_folders_wait_together_and_dependent_ones_do_not,
                 a_suite_without_independent_parts_says_so_and_runs, hurl_files_wait_together, bail_is_refused,
                 description=__doc__)

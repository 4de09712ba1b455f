#!/usr/bin/env python3
"""What a server is refused, and the limit of its output, reach the record and the journal of `assay run`."""
import json

import support

SERVER = '''
import ctypes, http.server, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/ask":
            ctypes.CDLL(None).syscall(321, 0, 0, 0)  # bpf
        while self.path == "/flood":
            sys.stdout.write("much\\n" * 20000)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

http.server.ThreadingHTTPServer(("0.0.0.0", 8080), Handler).serve_forever()
'''


def submission(batch, name):
    """A server and a collection of one request, named like its path."""
    schema = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
    test = f"pm.test({json.dumps(name)}, () => pm.response.to.have.status(200));"
    item = {"name": name, "request": {"method": "GET", "url": "{{APIURL}}/" + name},
            "event": [{"listen": "test", "script": {"exec": [test]}}]}
    repository = {"setupCmds": [], "runCmds": ["python3 app.py"], "port": 8080, "baseUrl": "",
                  "healthcheckEndpoint": "/health"}
    task = {"name": name, "dockerFolder": "uv", "patch": None, "repoMetadata": repository,
            "postmanCollection": "collection.json"}
    folder = batch / name
    folder.mkdir(parents=True)
    (folder / "app.py").write_text(SERVER, encoding="utf-8")
    (folder / "task.json").write_text(json.dumps(task), encoding="utf-8")
    collection = {"info": {"name": name, "schema": schema}, "item": [item]}
    (folder / "collection.json").write_text(json.dumps(collection), encoding="utf-8")


def a_refused_call_is_an_event_and_in_the_record(assay, scratch):
    submission(scratch / "batch", "ask")
    result = assay.batch(scratch / "batch", scratch / "run")["ask"]
    assert support.counts(result) == (1, 1, 0), result
    calls = result["server"]["refused_calls"]
    if calls is None:
        print("not looked at: this host gives the launcher no listener for refused calls")
        return
    assert [call for call in calls if call["call"] == "bpf"] == [{"call": "bpf", "error": "EPERM", "count": 1}], calls
    events = [event for event in support.lines(scratch / "run/events.ndjson") if event["event"] == "refused"]
    bpf = [event for event in events if event["call"] == "bpf"]
    assert len(bpf) == 1 and bpf[0]["error"] == "EPERM" and bpf[0]["id"] == "ask", events


def a_server_that_floods_its_log_is_ended_by_the_limit_of_output(assay, scratch):
    submission(scratch / "batch", "flood")
    submission(scratch / "batch", "quiet")
    found = assay.batch(scratch / "batch", scratch / "run", "--output-limit", "4M")
    assert support.counts(found["quiet"]) == (1, 1, 0), found["quiet"]
    assert found["quiet"]["usage"]["limits_hit"] == [], found["quiet"]["usage"]
    flood = found["flood"]
    assert support.counts(flood)[1] == 0 and flood["reward"] == 0, flood
    assert flood["server"]["exit"] == {"limit": "output"}, flood["server"]
    assert flood["usage"]["limits_hit"] == ["output"], flood["usage"]
    assert flood["usage"]["server"]["output_bytes"] > 4 << 20, flood["usage"]["server"]
    logs = sum(path.stat().st_size for path in (scratch / "run/logs/flood").rglob("*") if path.is_file())
    assert logs < 4 << 20, f"{logs} bytes of log kept"


if __name__ == "__main__":
    support.main(a_refused_call_is_an_event_and_in_the_record,
                 a_server_that_floods_its_log_is_ended_by_the_limit_of_output, description=__doc__)

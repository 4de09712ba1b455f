#!/usr/bin/env python3
"""assay serve: the verdicts of assay run, over a unix socket and the network; nothing is lost, whatever happens to it."""
import contextlib
import http.client
import json
import os
import resource
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import support

sys.path.insert(0, str(support.ROOT / "tools/python"))
from assay_client import Client, PrivateServer, Refused, Reward, files, patch  # noqa: E402

QUICK = ["--timeout-request", "1000", "--ready-timeout", "5"]
NAMES = ["koa-ok", "koa-500-on-articles", "hono-ok", "hono-wrong-operator"]
SLOW = "aiohttp-hangs"  # some seconds of timeouts
TOKEN = "a-token-that-is-only-for-this-test"


def task(name):
    return str(support.BACKENDS / name / "task.json")


def by_folder(name, identifier=None, **labels):
    return {"id": identifier or name, "task": task(name), "source": {"dir": str(support.BACKENDS / name)}, "labels": labels}


def contents(name):
    folder = support.BACKENDS / name
    return {str(file.relative_to(folder)): file.read_text() for file in sorted(folder.rglob("*")) if file.is_file()}


@contextlib.contextmanager
def server(assay, folder, *options, listen=(), env=None, code=0):
    """A server of the run folder; gives the process and its addresses. At the end it has to exit with `code`."""
    addresses = listen or [f"unix:{folder}.sock"]
    arguments = [part for address in addresses for part in ("--listen", address)]
    process = assay.start("serve", "-o", folder, *arguments, *QUICK, *options, env=env or support.environment())
    try:
        heard = []
        for _ in addresses:
            line = process.stdout.readline()
            assert line, f"assay serve ended: {process.wait()}\n{process.stderr.read()[-3000:]}"
            heard.append(json.loads(line)["listening"])
        yield process, heard
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
        assert process.returncode == code, f"exit {process.returncode}, not {code}:\n{err[-3000:]}"
        del out
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def connect(address):
    if address.startswith("unix:"):
        plain = socket.socket(socket.AF_UNIX)
        plain.connect(address[len("unix:"):])
    else:
        host, port = address.removeprefix("http://").rsplit(":", 1)
        plain = socket.create_connection((host, int(port)))
    plain.settimeout(60)
    return plain


def ask(address, method, target, body=None, **fields):
    """(status, header, body) of one request."""
    connection = http.client.HTTPConnection("localhost", timeout=60)
    connection.sock = connect(address)
    connection.request(method, target, body, {name.replace("_", "-"): value for name, value in fields.items()})
    answer = connection.getresponse()
    found = answer.status, answer.headers, answer.read()
    connection.close()
    return found


def post(address, *entries, query="", **fields):
    body = "".join(json.dumps(entry) + "\n" for entry in entries)
    status, _, text = ask(address, "POST", "/v1/submissions" + query, body, Content_Type="application/x-ndjson", **fields)
    return status, json.loads(text)


def same_verdicts_as_run(assay, scratch):
    batch = scratch / "batch.jsonl"
    batch.write_text("".join(json.dumps(by_folder(name)) + "\n" for name in NAMES))
    wanted = assay.batch(batch, scratch / "run", *QUICK)
    environment = support.environment(ASSAY_TOKEN=TOKEN)
    with server(assay, scratch / "served", listen=[f"unix:{scratch}/socket", "127.0.0.1:0"], env=environment) as (_, at):
        local, remote = at
        assert stat.S_IMODE(os.stat(scratch / "socket").st_mode) == 0o600
        client = Client(local)
        for result in client.evaluate_many(by_folder(name) for name in NAMES):
            assert support.decision(result) == support.decision(wanted[result["id"]]), result
        # The same files, as text and from elsewhere.
        far = Client(remote, TOKEN)
        inline = far.evaluate({"id": "inline", "task": task("koa-ok"), "source": files(contents("koa-ok"))})
        assert support.decision(inline) == support.decision(wanted["koa-ok"]), inline
        diff = subprocess.run(["git", "diff", "--no-index", "/dev/null", "run.sh"], text=True,
                              cwd=support.BACKENDS / "koa-ok", capture_output=True).stdout
        patched = far.evaluate({"task": task("koa-ok"), "source": patch(diff)})
        assert not patched["verdict"]["succeeded"], "a run.sh alone serves nothing"

        lines = (scratch / "served/results.jsonl").read_bytes().splitlines()
        assert len(lines) == len(NAMES) + 2
        status, _, text = ask(local, "GET", "/v1/submissions/inline")
        assert status == 200 and b'"result":' + lines[-2] + b"}" in text, "the bytes of results.jsonl"
        assert client.logs("inline") == ["server.log"] and b"3000" in client.log("inline", "server.log")
        for wrong in ("..%2fresults.jsonl", "results.jsonl", "%00", ".."):
            assert ask(local, "GET", f"/v1/submissions/inline/logs/{wrong}")[0] == 404, wrong

        for shown in ({}, {"Authorization": "Bearer " + TOKEN[:-1] + "x"}, {"Authorization": TOKEN}):
            status, header, text = ask(remote, "GET", "/healthz", **shown)
            assert status == 401 and header["WWW-Authenticate"] == "Bearer" and json.loads(text)["remedy"], shown
        count_is_right(client, passed=sum(line["verdict"]["succeeded"] for line in map(json.loads, lines)),
                       assertions=sum(line["verdict"]["assertions"]["passed"] for line in map(json.loads, lines)))
        seen = [event["event"] for _, event in client.events(follow=False)]
        assert seen.count("verdict") == seen.count("accepted") == len(lines)
    assert not (scratch / "socket").exists()


def count_is_right(client, passed, assertions):
    found = client.metrics()
    assert found['assay_submissions_done_total{outcome="passed"}'] == passed, found
    assert found['assay_assertions_total{status="passed"}'] == assertions
    assert found['assay_submissions{state="queued"}'] == found['assay_submissions{state="running"}'] == 0
    done = sum(value for name, value in found.items() if name.startswith("assay_submissions_done_total"))
    assert done == found["assay_submissions_known"] == found['assay_phase_seconds_count{phase="suite"}']
    assert found["assay_launches_total"] == done, found
    assert found['assay_phase_seconds_sum{phase="ready"}'] > 0, found


def the_network_needs_a_token(assay, scratch):
    short = scratch / "short"
    short.write_text("secret\n")
    for options in ([], ["--token-file", short]):
        done = assay("serve", "--listen", "127.0.0.1:0", "-o", scratch / "run", *options)
        assert done.returncode == 2 and "--token-file" in done.stderr, done
    assert not (scratch / "run").exists()


def killed_and_resumed(assay, scratch):
    """Every accepted entry has exactly one result in the end."""
    folder = scratch / "served"
    entries = [by_folder(NAMES[number % 2], f"{NAMES[number % 2]}/{number}") for number in range(12)]
    with server(assay, folder, "--jobs", "2", code=-signal.SIGKILL) as (process, [address]):
        status, said = post(address, *entries)
        assert status == 202 and [one["id"] for one in said["submissions"]] == [entry["id"] for entry in entries]
        while Client(address).result(entries[0]["id"], wait=10) is None:
            pass
        process.kill()
    before = (folder / "results.jsonl").read_bytes()
    # As after the end of a machine: a result that came to the journal alone, and half a line.
    first = before.splitlines(keepends=True)[0]
    (folder / "results.jsonl").write_bytes(before[:-1][:before[:-1].rfind(b"\n") + 1 + 40])
    with server(assay, folder, "--jobs", "2", "--resume") as (_, [address]):
        client = Client(address)
        results = list(client.evaluate_many(entries))
        assert {one["id"] for one in results} == {entry["id"] for entry in entries}
        refused = assay("serve", "--listen", address, "-o", scratch / "other")
        assert refused.returncode == 2 and address in refused.stderr, "a second server of one socket"
    after = (folder / "results.jsonl").read_bytes()
    assert after.startswith(first)
    found = support.results(folder)
    assert set(found) == {entry["id"] for entry in entries}
    for result in results:
        assert found[result["id"]] == result and "verdict" in result, result
        assert result["verdict"]["succeeded"] == (result["id"].startswith("koa-ok")), result


def a_queue_has_an_end(assay, scratch):
    folder = scratch / "served"
    with server(assay, folder, "--jobs", "1", "--queue", "3", "--grace", "0.1", code=75) as (_, [address]):
        client = Client(address, patience=0)
        workers = os.cpu_count()
        running = [by_folder(SLOW, f"slow-{number}") for number in range(1 + workers)]
        for entry in running:
            assert post(address, entry)[0] == 202
        status, said = post(address, *(by_folder("koa-ok", f"queued-{number}") for number in range(3)))
        assert status == 202 and {one["state"] for one in said["submissions"]} == {"queued"}, said
        status, header, text = ask(address, "POST", "/v1/submissions", json.dumps(by_folder("koa-ok", "more")),
                                   Content_Type="application/json")
        assert status == 429 and header["Retry-After"] and json.loads(text)["remedy"], text
        assert client.state("more") is None, "nothing is half-accepted"
        assert post(address, *(by_folder("koa-ok", f"many-{number}") for number in range(4)))[0] == 413
        assert client.metrics()['assay_submissions{state="queued"}'] == 3

        # The same content under the same id is the same submission, another one is refused.
        status, said = post(address, by_folder("koa-ok", "queued-0"))
        assert status == 202 and said["submissions"][0]["state"] == "queued", said
        assert post(address, by_folder("hono-ok", "queued-0"))[0] == 409
        client.withdraw("queued-1")
        assert client.state("queued-1") is None
        for name, wanted in (("queued-1", 404), (running[0]["id"], 409)):
            try:
                client.withdraw(name)
                raise AssertionError(name)
            except Refused as refused:
                assert refused.status == wanted, refused
    report = assay("report", folder, "--report", "ctrf=-")
    assert report.returncode == 0 and "queued-1" not in report.stdout
    # Ended in the middle: what was accepted goes on, what was taken back does not.
    with server(assay, folder, "--resume") as (_, [address]):
        client = Client(address)
        assert client.state("queued-1") is None
        for name in ("queued-0", "queued-2"):
            assert client.result(name, wait=60)["verdict"]["succeeded"]
        for entry in running:
            assert "verdict" in client.result(entry["id"], wait=60)


def results_stream_as_they_end(assay, scratch):
    with server(assay, scratch / "served") as (_, [address]):
        entries = [by_folder(SLOW, "last"), by_folder("koa-ok", "first"), {"id": "bad", "task": "nowhere", "source": {}}]
        connection = http.client.HTTPConnection("localhost", timeout=60)
        connection.sock = connect(address)
        body = "".join(json.dumps(entry) + "\n" for entry in entries) + "{not json\n"
        connection.request("POST", "/v1/submissions?stream", body, {"Content-Type": "application/x-ndjson"})
        answer = connection.getresponse()
        lines = [json.loads(answer.readline()) for _ in range(3)]
        assert lines[2]["id"] == "first" and all("fault" in line for line in lines[:2]), lines
        assert "bad" in {line["id"] for line in lines} and lines[0]["fault"]["step"] == "read batch"
        connection.close()  # and the last one goes on
        assert Client(address).result("last", wait=60)["verdict"]
        # A fault is no verdict: its id is free for the entry as it should have been.
        assert "verdict" in Client(address).evaluate(by_folder("koa-ok", "bad"))


def any_bytes_are_survived(assay, scratch):
    with server(assay, scratch / "served") as (_, [address]):
        client = Client(address)
        head = "POST /v1/submissions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        cases = {
            b"\x00\x01\x02\xff\r\n\r\n": 400,
            b"GET / HTTP/9.9\r\n\r\n": 400,
            b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\n\r\n": 431,
            b"GET /" + b"a" * 8000 + b" HTTP/1.1\r\n\r\n": 414,
            b"GET /%zz HTTP/1.1\r\n\r\n": 400,
            b"GET /healthz HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc": 400,
            (head + "Content-Length: 99999999999\r\n\r\n").encode(): 413,
            (head + "Content-Length: nonsense\r\n\r\n").encode(): 400,
            (head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n").encode(): 400,
            (head + "Content-Length: 2\r\n\r\n{]").encode(): 400,
            (head + "Content-Length: 0\r\n\r\n").encode(): 400,
        }
        for sent, wanted in cases.items():
            plain = connect(address)
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                plain.sendall(sent)
            answer = http.client.HTTPResponse(plain)
            answer.begin()
            said = json.loads(answer.read())
            assert answer.status == wanted and said["error"] and said["remedy"], (sent[:80], answer.status, said)
            plain.close()
        deep = "[" * 100000 + "]" * 100000
        assert ask(address, "POST", "/v1/submissions", deep, Content_Type="application/json")[0] == 400
        assert ask(address, "POST", "/v1/submissions", "{}", Content_Type="text/plain")[0] == 415
        status, said = post(address, json.loads('{"a":' * 99 + "1" + "}" * 99), query="?wait=20")
        assert status == 200 and "fault" in said["submissions"][0]["result"], said
        half = connect(address)
        half.sendall(head.encode())  # and never more
        for path in ("../out", "/etc/out", "a/../../out", ".git/config", "x\0y"):
            result = client.evaluate({"task": task("koa-ok"), "source": files({"run.sh": "exit 0\n", path: "text"})})
            assert not result["verdict"]["succeeded"], path
        for query in ("?wait=-1", "?wait=nan", "?wait=1e9", "?stream=2", "?other"):
            assert ask(address, "POST", "/v1/submissions" + query, "{}", Content_Type="application/json")[0] == 400, query
        for offset, wanted in (("7", 416), ("99999999999", 416), ("x", 400)):
            assert ask(address, "GET", f"/v1/events?from={offset}")[0] == wanted, offset
        assert client.health()
        half.close()


def a_full_disk_is_said(assay, scratch):
    """The largest size of a file stands for it: writing fails in the same way."""
    folder = scratch / "served"
    with server(assay, folder) as (process, [address]):
        client = Client(address, patience=60)
        assert "verdict" in client.evaluate(by_folder("koa-ok", "before"))
        assert post(address, by_folder(SLOW, "while"))[0] == 202
        _, hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
        full = (folder / "events.ndjson").stat().st_size + 10
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (full, hard))
        status, said = post(address, by_folder("koa-ok", "refused"))
        assert status == 507 and "room" in said["remedy"], (status, said)
        assert client.state("refused") is None and not client.health()
        assert client.metrics()["assay_journal_failing"] == 1
        time.sleep(1)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (hard, hard))
        assert "verdict" in client.evaluate(by_folder("koa-ok", "refused")), "tried again until there was room"
        assert "verdict" in client.result("while", wait=60), "nothing was lost"
        assert client.health()
    events = support.lines(folder / "events.ndjson")
    assert [event["seq"] for event in events] == list(range(len(events))), "no line is cut or missing"


def rewards_for_training(assay, scratch):
    with PrivateServer(str(assay.program), ["--timeout-request", "1000", "--ready-timeout", "5"]) as client:
        reward = Reward(client)
        good, bad = contents("koa-ok"), contents("koa-500-on-articles")
        scores = reward([good, bad, {"run.sh": "exit 1\n"}, "no patch at all"], task=task("koa-ok"))
        assert scores[0] == 1 and 0 < scores[1] < 1 and scores[2:] == [0, 0], scores
        assert reward([good, good], task=[task("koa-ok"), "/nowhere"]) == [1, None] and list(reward.faults) == [1]


if __name__ == "__main__":
    support.main(same_verdicts_as_run, the_network_needs_a_token, killed_and_resumed, a_queue_has_an_end,
                 results_stream_as_they_end, any_bytes_are_survived, a_full_disk_is_said, rewards_for_training,
                 description=__doc__)

#!/usr/bin/env python3
"""What a faulty server, or its source, can send to the harness.

Each check runs twice: under `assay run`, which must come to a verdict in bounded time and memory and leave nothing but
its own files; and against a harness as one writes it in an afternoon, which must fall for it: that proves that the
attack is one. Prints a line for each check.
"""
import concurrent.futures
import io
import json
import os
import shutil
import socket
import stat
import subprocess
import sys
import tarfile
import threading
import time
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))
import support  # noqa: E402

HERE = Path(__file__).resolve().parent
PORT = 8000
SECRET = "of the host, and nobody else's"
MUCH = 64 << 20       # what no reader should take of one answer
PATIENCE = 0.8        # seconds of silence that a reader bears
AT_ONCE = 3
WALL = 4              # seconds that assay lets a server run here
MEMORY = 2000 << 20   # assay itself: two script engines, each allowed 512 MiB and looked at in intervals; bodies
FOLDER = 16 << 20     # the whole run folder

COLLECTION = {
    "info": {"name": "faulty", "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"},
    "item": [{"name": f"ask {number}",
              "request": {"method": "GET", "url": "{{APIURL}}/attack"},
              "event": [{"listen": "test", "script": {"exec": [
                  'pm.test("answers", () => pm.response.to.have.status(200));',
                  'pm.test("in JSON", () => pm.response.json());']}}]} for number in (1, 2)],
}
# Modes whose answers are well-formed: what they do, they do elsewhere.
WELL_BEHAVED = {"log-flood", "log-escapes", "traps", "cookies", "second-answer"}


def task(**metadata):
    return {"name": "flask-openapi-unconstrained", "description": "", "prompt": "", "dockerFolder": "uv",
            "patch": None, "taskMetadata": None, "postmanCollection": "collection.json",
            "repoMetadata": {"repoUrl": None, "repoCommit": None, "setupCmds": [], "runCmds": ["bash run.sh"],
                             "port": PORT, "baseUrl": "", "healthcheckEndpoint": "/health"} | metadata}


# --- a harness as one writes it in an afternoon ---------------------------------------------------------------------

class Naive:
    """Starts the server as it is, asks once, reads until the end."""

    def __init__(self, mode, scratch, host_port):
        self.folder = scratch / f"naive-{mode}"
        for name in ("work", "home", "tmp"):
            (self.folder / name).mkdir(parents=True)
        self.port = free_port()
        self.log = self.folder / "server.log"
        with self.log.open("wb") as log:
            self.server = subprocess.Popen(
                [sys.executable, HERE / "faulty_server.py", mode, str(self.port), str(host_port)],
                cwd=self.folder / "work", stdout=log, stderr=log, start_new_session=True,
                env=os.environ | {"HOME": str(self.folder / "home"), "TMPDIR": str(self.folder / "tmp")})

    def ask(self):
        """(bytes, whether the end came, how it ended)"""
        peer = self.connect()
        got = bytearray()
        with peer:
            peer.sendall(b"GET /attack HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            began = time.monotonic()
            while True:
                try:
                    piece = peer.recv(1 << 20)
                except TimeoutError:
                    return got, False, "waits"
                except ConnectionResetError:
                    return got, True, "reset"
                if not piece:
                    return got, True, "closed"
                got += piece
                if len(got) > MUCH:
                    return got, False, "too much"
                if time.monotonic() - began > 2 * PATIENCE:
                    return got, False, "goes on"

    def connect(self):
        deadline = time.monotonic() + 20
        while True:
            try:
                return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
            except ConnectionRefusedError:
                assert time.monotonic() < deadline and self.server.poll() is None, "the faulty server does not start"
                time.sleep(0.02)

    def stop(self):
        self.server.kill()
        self.server.wait()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def falls_for(mode, naive):
    """Why the naive harness fell for it; empty: it did not."""
    got, ended, how = naive.ask()
    head, _, body = bytes(got).partition(b"\r\n\r\n")
    if mode.endswith("-bomb"):
        size = len(zlib.decompressobj(47).decompress(body, MUCH + 1))
        return f"expands to more than {MUCH >> 20} MiB" if size > MUCH else ""
    if mode == "deep-json":
        try:
            json.loads(body)
        except RecursionError:
            return "its reader of JSON has no stack left"
        return ""
    if mode == "log-flood":
        return "its disk" if naive.log.stat().st_size > MUCH else ""
    if mode == "log-escapes":
        return "its terminal" if b"\x1b" in naive.log.read_bytes() and "\x1b" in str(list(json.loads(body))[0]) else ""
    if mode == "traps":
        collected = [path for path in (naive.folder / "work").iterdir() if path.is_symlink() and path.read_text()]
        special = [path for path in (naive.folder / "work").iterdir() if stat.S_ISFIFO(path.lstat().st_mode)]
        return "it collects /etc/passwd" if collected and special else ""
    if mode == "cookies":
        return "it keeps every cookie" if head.count(b"Set-Cookie") > 100 else ""
    if mode == "redirects-without-end":
        return "it asks again, and again" if b"Location: /again" in head else ""
    if mode == "redirect-to-the-host":
        return "it asks its own host" if b"Location: http://127.0.0.1:" in head else ""
    if mode == "reset":
        return "its connection is lost" if how == "reset" else ""
    if mode in ("no-http", "no-status"):
        return "it takes that for an answer" if got else ""
    if mode in ("two-lengths", "length-and-chunks"):
        return "it picks one of two ends" if b"{}" in body else ""
    if mode == "second-answer":
        return "it takes it for the next answer" if b"evil" in body else ""
    if mode in ("silence", "length-without-body"):
        return "it waits for an end that does not come" if how == "waits" else ""
    return f"it reads on ({how})" if not ended and how in ("too much", "goes on") else ""


# --- sources that reach out of their folder ---------------------------------------------------------------------------

def add(archive, name, text=b"", **more):
    entry = tarfile.TarInfo(name)
    for key, value in more.items():
        setattr(entry, key, value)
    entry.size = len(text)
    archive.addfile(entry, io.BytesIO(text))


def folder_with(make):
    def build(place, host):
        folder = place.with_suffix("")
        folder.mkdir()
        (folder / "run.sh").write_text("cat leak; sleep 100\n")
        make(folder, host)
        return {"dir": folder.name}
    return build


def archive_with(make):
    def build(place, host):
        with tarfile.open(place.with_suffix(".tar"), "w") as archive:
            add(archive, "run.sh", b"cat leak; sleep 100\n")
            make(archive, host)
        return {"tar": place.with_suffix(".tar").name}
    return build


def through_a_link(archive, host):
    add(archive, "d", type=tarfile.SYMTYPE, linkname=str(host))
    add(archive, "d/evil", b"written")


SOURCES = {
    "link-out-of-the-folder": folder_with(lambda folder, host: (folder / "leak").symlink_to(host / "secret")),
    "pipe-in-the-folder": folder_with(lambda folder, host: os.mkfifo(folder / "leak")),
    "socket-in-the-folder": folder_with(
        lambda folder, host: socket.socket(socket.AF_UNIX).bind(os.path.relpath(folder / "leak"))),
    "archive-with-parent-path": archive_with(lambda archive, host: add(
        archive, os.path.relpath(host / "evil", host.parent / "unpacked"), b"written")),
    "archive-with-absolute-path": archive_with(lambda archive, host: add(archive, str(host / "evil"), b"written")),
    "archive-with-hard-link": archive_with(lambda archive, host: add(
        archive, "leak", type=tarfile.LNKTYPE, linkname=str(host / "secret"))),
    "archive-through-a-link": archive_with(through_a_link),
    "archive-with-device": archive_with(lambda archive, host: add(
        archive, "leak", type=tarfile.CHRTYPE, devmajor=1, devminor=5)),
}


def unpacks(source, batch, host):
    """Why a naive harness fell for this source."""
    if "dir" in source:
        leak = batch / source["dir"] / "leak"
        if stat.S_ISFIFO(leak.lstat().st_mode) or stat.S_ISSOCK(leak.lstat().st_mode):
            return "it would hang on it"
        return "it reads the host's file" if leak.read_text() == SECRET else ""
    target = host.parent / "unpacked"
    target.mkdir()
    with tarfile.open(batch / source["tar"]) as archive:
        entry = archive.getmembers()[-1]
        if entry.isdev():
            return "it makes a device"
        more = {"filter": "fully_trusted"} if hasattr(tarfile, "fully_trusted_filter") else {}
        try:
            for member in archive.getmembers():
                archive.extract(member, target, **more)
        except KeyError:  # the hard link's target is not in the archive: link it, as tar(1) does
            os.link(entry.linkname, target / entry.name)
    evil, leak = host / "evil", target / "leak"
    fell = "it wrote outside" if evil.exists() else \
        "it has the host's file" if leak.exists() and leak.read_text() == SECRET else ""
    evil.unlink(missing_ok=True)
    shutil.rmtree(target)
    return fell


# --- assay ------------------------------------------------------------------------------------------------------------

class HostService:
    """A service of the host's that nobody should reach through a redirect."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.asked = 0
        threading.Thread(target=self.count, daemon=True).start()

    def count(self):
        while True:
            peer, _ = self.listener.accept()
            self.asked += 1
            peer.close()


def write_batch(batch, host, service):
    import faulty_server
    (batch / "collection.json").write_text(json.dumps(COLLECTION))
    lines, sources = [], {}
    for mode in faulty_server.MODES:
        folder = batch / mode
        folder.mkdir(parents=True)
        shutil.copy(HERE / "faulty_server.py", folder)
        (folder / "run.sh").write_text(f"exec python3 faulty_server.py {mode} {PORT} {service.port}\n")
        lines.append({"id": mode, "task": task(), "source": {"dir": mode}})
    for name, build in SOURCES.items():
        sources[name] = build(batch / (name + ".x"), host)
        lines.append({"id": name, "task": task(), "source": sources[name]})
    (batch / "batch.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return sources


def run_assay(assay, batch, out):
    """(seconds, peak memory of assay in bytes, what it printed)"""
    began = time.monotonic()
    process = assay.start("run", batch / "batch.jsonl", "-o", out, "--jobs", AT_ONCE, "--timeout-request",
                          int(PATIENCE * 1000), "--ready-timeout", 8, "--wall-time", WALL, "--memory", "512M",
                          "--newman-csv", "--progress", "plain")
    text = []
    readers = [threading.Thread(target=lambda pipe=pipe: text.append(pipe.read()))
               for pipe in (process.stdout, process.stderr)]
    for reader in readers:
        reader.start()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    for reader in readers:
        reader.join()
    assert process.returncode == 0, f"assay run ended with {process.returncode}: {''.join(text)[-3000:]}"
    return time.monotonic() - began, usage.ru_maxrss * 1024, "".join(text)


def held_against(mode, result):
    """Empty: assay held. What it would have to be ashamed of."""
    if "verdict" not in result:
        return f"a fault of ours: {result['fault']}"
    if mode not in SOURCES and result["server"]["readiness"] != "ready":
        return f"it was never attacked: {result['server']}"
    total, passed, failed = support.counts(result)
    if total != 4 and not result["verdict"]["scripts_cut_short"]:
        return f"{total} assertions instead of 4"
    if mode in WELL_BEHAVED and failed:
        return f"{failed} failed: {result['failure']}"
    if mode not in WELL_BEHAVED and (result["verdict"]["succeeded"] or result["reward"] > 0.5):
        return "it is believed"
    seconds = result["usage"]["phases"]["suite"]["wall_us"] / 1e6
    return f"it took {seconds:.1f} s" if seconds > 4 * WALL else ""


def is_clean(run, printed):
    """The run folder holds files and folders of ours, few bytes, and nothing of the host's."""
    size = 0
    for path in run.rglob("*"):
        kind = path.lstat().st_mode
        assert stat.S_ISREG(kind) or stat.S_ISDIR(kind), f"{path} is a special file"
        if stat.S_ISREG(kind):
            size += path.lstat().st_size
            content = path.read_bytes()
            assert SECRET.encode() not in content, f"{path} holds a file of the host's"
            assert b"root:x:0:" not in content, f"{path} holds /etc/passwd"
    assert size < FOLDER, f"the run folder has {size} bytes"
    for character in "\x1b\x07\x9b\u202e":
        assert character not in printed, f"a server wrote {character!r} to the terminal"


def what_a_server_sends(assay, scratch):
    sys.path.insert(0, str(HERE))
    service = HostService()
    host, batch = scratch / "host", scratch / "batch"
    host.mkdir()
    batch.mkdir()
    (host / "secret").write_text(SECRET)
    os.chdir(scratch)  # the name of a socket is short
    sources = write_batch(batch, host, service)
    seconds, memory, printed = run_assay(assay, batch, scratch / "run")
    found = support.results(scratch / "run")
    failed = []

    def line(name, held, fell):
        print(f"{'harness.' + name:<44} assay: {'granted (' + held + ')' if held else 'refused':<34} "
              f"naive: {'granted (' + fell + ')' if fell else 'refused'}")
        if held or not fell:
            failed.append(name)

    import faulty_server
    asked = service.asked

    def try_naively(mode):
        naive = Naive(mode, scratch, service.port)
        try:
            return falls_for(mode, naive)
        finally:
            naive.stop()

    with concurrent.futures.ThreadPoolExecutor(4) as pool:  # most of them wait
        for mode, fell in zip(faulty_server.MODES, pool.map(try_naively, faulty_server.MODES)):
            held = held_against(mode, found[mode])
            if mode == "redirect-to-the-host" and asked:
                held = "the host's own service was asked"
            line(mode, held, fell)
    for name, source in sources.items():
        evil = "it wrote outside" if (host / "evil").exists() else ""
        line(name, evil or held_against(name, found[name]), unpacks(source, batch, host))
    print(f"assay: {seconds:.1f} s, peak {memory >> 20} MiB")
    assert not failed, failed
    assert memory < MEMORY, f"assay's memory rose to {memory >> 20} MiB"
    is_clean(scratch / "run", printed)


if __name__ == "__main__":
    support.main(what_a_server_sends, description=__doc__)

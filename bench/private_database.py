#!/usr/bin/env python3
"""What a PostgreSQL of its own costs a submission, beside one that is kept running and shared.

    bench/private_database.py ASSAY BATCH.jsonl --filter GLOB [--repeat N] [--json FILE]

Every submission of the batch that is a folder is taken; each must use PostgreSQL. Rows, by the kernel's accounting of
the database's own control group, medians of N:

    private, to first 200      `assay run`, from PostgreSQL's launch until the health check's 200
    private, no suite          the same and its end: nothing was asked but what the server's start asks
    private, whole suite       an evaluation
    shared, made and dropped   CREATE DATABASE from a template, and DROP DATABASE, in the PostgreSQL that is kept
    shared, to first 200       the server started by hand, until its 200
    shared, whole suite        the same and its collection, without making and dropping

Privacy costs the whole suite in private less that in the shared one with making and dropping; the rest are queries. The
shared one has the same prepared cluster, program and settings. Needs root (namespaces, a control group) and
psql; one round is not counted. Exit status 77: it cannot be measured here.
"""

import argparse
import ctypes
import json
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import against_bare as bare

NEW_MOUNTS = 0x00020000  # CLONE_NEWNS
ADDRESS = "10.0.2.1"     # of services, inside a sandbox
POSTGRES = "/usr/lib/postgresql/15/bin/postgres"
USER = 1000
PAUSE = """GET {{APIURL}}/nothing
[Options]
delay: 300ms
"""


def cannot(why):
    print(f"cannot be measured here: {why}", file=sys.stderr)
    sys.exit(77)


def unified():
    """Where control groups of version 2 are mounted: their cpu.stat counts, whatever has the controllers."""
    for line in open("/proc/mounts"):
        _, where, kind, *_ = line.split()
        if kind == "cgroup2":
            return pathlib.Path(where)
    cannot("cgroup2 is not mounted")


def used_ms(group):
    return int(re.search(r"usage_usec (\d+)", (group / "cpu.stat").read_text())[1]) / 1e3


def mount_of(controller):
    for line in open("/proc/mounts"):
        _, where, kind, flags, *_ = line.split()
        if kind == "cgroup" and controller in flags.split(","):
            return pathlib.Path(where)
    return None


def postmaster_ms():
    """CPU so far of the one PostgreSQL that stands in a sandbox, by its control group; None when there is none."""
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if not entry.name.isdigit() or (entry / "cmdline").read_bytes().split(b"\0")[1:3] != [b"-D", b"/app/data"]:
                continue
            groups = dict(line.split(":", 2)[1:] for line in (entry / "cgroup").read_text().splitlines())
        except OSError:
            continue
        if (path := groups.get("", "/")) != "/":
            return used_ms(unified() / path.lstrip("/"))
        for names, path in groups.items():
            if "cpuacct" in names.split(",") and path != "/":
                return int((mount_of("cpuacct") / path.lstrip("/") / "cpuacct.usage").read_text()) / 1e6
    return None


def run(options, batch, folder, *more):
    """One batch of one submission; its record, and PostgreSQL's CPU at the event `ready`."""
    shutil.rmtree(folder, ignore_errors=True)
    process = subprocess.Popen([options.assay, "run", batch, "--jobs", "1", "--start", "warm", "--progress", "none",
                                "-o", folder, "--stream", "-", *more], stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, text=True)
    at_ready = None
    for line in process.stdout:
        if at_ready is None and json.loads(line).get("event") == "ready":
            at_ready = postmaster_ms()
    if process.wait() != 0:
        sys.exit(f"assay run ended with {process.returncode}")
    [record] = [json.loads(line) for line in (folder / "results.jsonl").open()]
    service = record["usage"].get("services", {}).get("postgres")
    if service is None or record.get("server", {}).get("readiness") != "ready":
        sys.exit(f"{record['id']}: it has no PostgreSQL, or was not ready")
    if at_ready is None:
        cannot("PostgreSQL has no control group of its own; see `assay doctor`")
    return (service["cpu_user_us"] + service["cpu_system_us"]) / 1e3, at_ready


def private(options, entry, folder):
    batch = bare.write_batch([entry], folder / "one.jsonl")
    pause = folder / "pause.hurl"
    pause.write_text(PAUSE)
    without_suite, at_ready = run(options, batch, folder / "paused", "--suite", pause)
    whole, _ = run(options, batch, folder / "whole")
    return {"private, to first 200": at_ready, "private, no suite": without_suite, "private, whole suite": whole}


class Shared:
    """A PostgreSQL over a copy of the prepared cluster, in a control group of its own."""

    def __init__(self, cluster, folder):
        shutil.copytree(cluster, folder / "data")
        for path in [folder, *folder.rglob("*")]:
            os.chown(path, USER, USER, follow_symlinks=False)
        (folder / "data").chmod(0o700)
        self.group = unified() / f"assay-bench-{os.getpid()}"
        self.group.mkdir()
        self.process = subprocess.Popen([POSTGRES, "-D", folder / "data"], preexec_fn=self.enter, cwd=folder,
                                        stderr=subprocess.PIPE, env={"PATH": "/usr/bin:/bin"}, text=True)
        if not any("ready to accept connections" in line for line in self.process.stderr):
            sys.exit("the shared PostgreSQL does not start")
        threading.Thread(target=self.process.stderr.read, daemon=True).start()
        self.ask("ALTER DATABASE conduit RENAME TO pristine")

    def enter(self):
        (self.group / "cgroup.procs").write_text(str(os.getpid()))
        os.setgroups([])
        os.setgid(USER)
        os.setuid(USER)

    def ask(self, statement):
        subprocess.run(["psql", "-q", "-h", ADDRESS, "-U", "user", "postgres", "-c", statement], check=True,
                       env={"PATH": "/usr/bin:/bin", "PGPASSWORD": "password"})

    def used(self):
        """When what was asked has been done: sessions end after their clients."""
        time.sleep(0.05)
        return used_ms(self.group)

    def stop(self):
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait()
        while (self.group / "cgroup.procs").read_text():
            time.sleep(0.01)
        self.group.rmdir()


def by_hand(options, entry, work, environment, shared):
    """One evaluation of a server that was placed before, with a database made for it."""
    task = json.loads(pathlib.Path(entry["task"]).read_text())
    meta = task["repoMetadata"]
    begin = shared.used()
    shared.ask("CREATE DATABASE conduit TEMPLATE pristine")
    made = shared.used()
    server = subprocess.Popen(["/bin/bash", "-c", "\n".join(meta["runCmds"])], cwd=work, env=environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              start_new_session=True)
    deadline = time.monotonic() + 20
    while not (ready := bare.answers(meta["port"], meta["healthcheckEndpoint"])) and time.monotonic() < deadline:
        time.sleep(0.005)
    if not ready:
        sys.exit(f"{entry['id']}: not ready when started by hand")
    at_ready = used_ms(shared.group)
    collection = pathlib.Path(entry["task"]).parent / task["postmanCollection"]
    subprocess.run([options.assay, "suite", "run", collection, "--base-url",
                    f"http://127.0.0.1:{meta['port']}{meta['baseUrl']}"], stdout=subprocess.DEVNULL)
    os.killpg(server.pid, signal.SIGKILL)
    server.wait()
    fired = shared.used()
    shared.ask("DROP DATABASE conduit WITH (FORCE)")
    end = shared.used()
    return {"shared, made and dropped": made - begin + end - fired, "shared, to first 200": at_ready - made,
            "shared, whole suite": fired - made}


def alone(folder):
    """A network with the services' address, and the services' names, for this process and its children."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(bare.NEW_NETWORK | NEW_MOUNTS) != 0:
        cannot("namespaces need root")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["ip", "addr", "add", f"{ADDRESS}/32", "dev", "lo"], check=True)
    hosts = folder / "hosts"
    hosts.write_text(f"127.0.0.1 localhost\n{ADDRESS} postgres\n")
    subprocess.run(["mount", "--bind", hosts, "/etc/hosts"], check=True)


def prepared_cluster(options):
    said = subprocess.run([options.assay, "image", "list", "--json"], capture_output=True, check=True).stdout
    listed = json.loads(said)
    found = [layer for layer in listed["layers"] if layer.get("kind") == "service" and layer.get("image") == "postgres"]
    if not found:
        sys.exit("the store has no prepared cluster")
    return pathlib.Path(listed["store"]) / "layers" / found[-1]["key"] / "tree" / "data"


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("assay")
    parser.add_argument("batch")
    parser.add_argument("--filter", required=True)
    parser.add_argument("--repeat", type=int, default=10)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    options.start = "warm"
    options.assay = str(pathlib.Path(options.assay).resolve())
    if os.geteuid() != 0 or not shutil.which("psql"):
        cannot("it needs root and psql")

    measured = {}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        entries = bare.entries_of(options)
        for entry in entries:
            rounds = [private(options, entry, folder) for _ in range(options.repeat + 1)][1:]
            measured[entry["id"]] = rounds
        cluster = prepared_cluster(options)
        placed = {entry["id"]: folder / entry["id"] / "work" for entry in entries}
        environments = {entry["id"]: bare.place(options, pathlib.Path(entry["source"]["dir"]), placed[entry["id"]])
                        for entry in entries}
        variables = bare.recipe("postgres")["service"]["server_env"]
        alone(folder)
        (folder / "cluster").mkdir()
        shared = Shared(cluster, folder / "cluster")
        for entry in entries:
            meta = json.loads(pathlib.Path(entry["task"]).read_text())["repoMetadata"]
            environment = {**environments[entry["id"]], **variables, "PORT": str(meta["port"])}
            rounds = [by_hand(options, entry, placed[entry["id"]], environment, shared)
                      for _ in range(options.repeat + 1)]
            for both, one in zip(measured[entry["id"]], rounds[1:]):
                both.update(one)
        shared.stop()

    figures = {}
    for id, rounds in measured.items():
        row = {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}
        row["of it, for being private"] = (row["private, whole suite"] - row["shared, whole suite"]
                                           - row["shared, made and dropped"])
        figures[id] = row
        print(f"{id}: CPU of PostgreSQL, medians of {len(rounds)}")
        for what, used in row.items():
            print(f"  {what:<26} {used:>7.1f} ms")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

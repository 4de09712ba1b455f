#!/usr/bin/env python3
"""A batch's whole CPU against that of the same servers started by hand.

    bench/against_bare.py ASSAY BATCH.jsonl [--filter GLOB] [--start cold|warm] [--json FILE]

Every submission of the batch that is a folder and becomes ready without a database is taken. First `assay run --jobs 1` evaluates them.
Its CPU is that of the process and of all that it waited for, and, from the records, that of the sandboxes: what a
sandbox's kill ends is waited for by nobody. Then each one's run command is started on the bare host as an ordinary process, with its layer on PYTHONPATH or as node_modules and with the image's
variables, and `assay suite run` fires the same collection at it from another process, whose CPU does not count. The
servers are ended by SIGKILL, as assay ends them. Nothing is built or read from disk for the first time: a run that is
not measured comes before. Needs the source tree for the recipes' variables; as root the servers stand in a network
namespace of their own, else on the host's loopback.
"""

import argparse
import ctypes
import fnmatch
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
NEW_NETWORK = 0x40000000  # CLONE_NEWNET
CHILD_SUBREAPER = 36      # PR_SET_CHILD_SUBREAPER
READY_SECONDS = 5


def seconds(usage):
    return usage.ru_utime + usage.ru_stime


def cpu_of(pid):
    """Seconds of one process alone, without its children; 0 when it has gone."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def evaluate(options, batch, folder, jobs="1"):
    """Runs the batch. Returns its records, the CPU of the assay process with its launchers, and that of itself alone."""
    command = [options.assay, "run", batch, "--jobs", jobs, "--start", options.start, "--progress", "none", "-o", folder]
    command += ["--ready-timeout", str(READY_SECONDS), "--timeout-request", "1000"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    own = [0.0]
    ended = threading.Event()

    def watch():
        while not ended.wait(0.05):
            own[0] = max(own[0], cpu_of(process.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    _, status, usage = os.wait4(process.pid, 0)
    ended.set()
    watcher.join()
    if status != 0:
        sys.exit(f"assay run ended with {os.waitstatus_to_exitcode(status)}")
    records = [json.loads(line) for line in (folder / "results.jsonl").open()]
    return records, seconds(usage), own[0]


def sandboxes(records):
    """CPU of the servers and of what ran beside them, by the kernel's accounting."""
    def cpu(usage):
        return (usage.get("cpu_user_us", 0) + usage.get("cpu_system_us", 0)) / 1e6

    servers = sum(cpu(record["usage"].get("server", {})) for record in records)
    services = sum(cpu(each) for record in records for each in record["usage"].get("services", {}).values())
    return servers, services


def recipe(name):
    return tomllib.loads((ROOT / "images" / name / "recipe.toml").read_text())


def layer_of(options, source, image):
    built = subprocess.run([options.assay, "image", "build", source, "--image", image], capture_output=True, text=True)
    lines = built.stdout.splitlines()
    return pathlib.Path(lines[0]) / "tree" if built.returncode == 0 and lines else None


def place(options, source, work):
    """Copies the source to `work` with its dependencies beside it; returns the environment."""
    image = "node" if (source / "package.json").exists() else "python"
    shutil.copytree(source, work, ignore=shutil.ignore_patterns("node_modules", "__pycache__"))
    layer = layer_of(options, source, image)
    environment = {**recipe("host")["env"], **recipe(image)["env"], "HOME": str(work.parent)}
    path = ["/usr/bin", "/bin"]
    if layer is not None and image == "node":
        (work / "node_modules").symlink_to(layer / "node_modules")
    elif layer is not None:
        environment["PYTHONPATH"] = ":".join(str(each) for each in layer.glob("**/dist-packages"))
        path.insert(0, str(layer / "bin"))
    environment["PATH"] = ":".join(path)
    for script in work.glob("*.sh"):
        script.chmod(0o755)
    return environment


def answers(port, path):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
            return connection.recv(100).split(b" ")[1:2] == [b"200"]
    except OSError:
        return False


def bare(options, entry):
    """CPU seconds of one submission's servers, started by hand; None when they do not become ready."""
    task = json.loads(pathlib.Path(entry["task"]).read_text())
    meta = task["repoMetadata"]
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder) / "work"
        environment = place(options, pathlib.Path(entry["source"]["dir"]), work)
        environment["PORT"] = str(meta["port"])
        server = subprocess.Popen(["/bin/bash", "-c", "\n".join(meta["runCmds"])], cwd=work, env=environment,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                  start_new_session=True)
        deadline = time.monotonic() + READY_SECONDS
        while not (ready := answers(meta["port"], meta["healthcheckEndpoint"])) and time.monotonic() < deadline:
            time.sleep(0.002)
        if ready:
            collection = pathlib.Path(entry["task"]).parent / task["postmanCollection"]
            subprocess.run([options.assay, "suite", "run", collection, "--base-url",
                            f"http://127.0.0.1:{meta['port']}{meta['baseUrl']}"], stdout=subprocess.DEVNULL)
        os.killpg(server.pid, signal.SIGKILL)
        used = 0.0
        while True:  # orphans of the run command come to this process
            try:
                used += seconds(os.wait4(-1, 0)[2])
            except ChildProcessError:
                return used if ready else None


def alone():
    """A loopback of our own, where that is allowed, so that no port is taken; and every orphan below is ours."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(CHILD_SUBREAPER, 1, 0, 0, 0)
    if libc.unshare(NEW_NETWORK) == 0:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def entries_of(options):
    folder = pathlib.Path(options.batch).resolve().parent
    entries = []
    for line in open(options.batch):
        entry = json.loads(line)
        if fnmatch.fnmatch(entry["id"], options.filter) and "dir" in entry["source"]:
            entry["task"] = str(folder / entry["task"])
            entry["source"]["dir"] = str(folder / entry["source"]["dir"])
            entries.append(entry)
    return entries


def write_batch(entries, file):
    file.write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    return file


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("assay")
    parser.add_argument("batch")
    parser.add_argument("--filter", default="*")
    parser.add_argument("--start", default="warm", choices=["cold", "warm"])
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        entries = {entry["id"]: entry for entry in entries_of(options)}
        first, _, _ = evaluate(options, write_batch(entries.values(), folder / "all.jsonl"), folder / "first", jobs="auto")
        taken = [entries[record["id"]] for record in first
                 if record.get("server", {}).get("readiness") == "ready" and not record["usage"].get("services")]
        if not taken:
            sys.exit("no submission became ready without a database")
        records, waited, own = evaluate(options, write_batch(taken, folder / "taken.jsonl"), folder / "measured")
    alone()
    by_hand = {entry["id"]: bare(options, entry) for entry in taken}

    failed = [name for name, used in by_hand.items() if used is None]
    if failed:
        sys.exit("not ready when started by hand: " + ", ".join(failed))
    servers, services = sandboxes(records)
    count = len(taken)
    total = waited + servers + services
    rows = {"servers": servers, "services": services, "launchers": waited - own,
            "harness": own, "all of assay": total, "the servers, by hand": sum(by_hand.values())}
    print(f"{count} submissions, --start {options.start}: CPU of each, mean")
    for row, used in rows.items():
        print(f"{row:<24} {1000 * used / count:>8.1f} ms")
    print(f"{'all of assay / by hand':<24} {total / sum(by_hand.values()):>8.2f}")
    if options.json:
        options.json.write_text(json.dumps({"submissions": count, "start": options.start,
                                            "cpu_seconds": rows, "by_hand": by_hand}, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

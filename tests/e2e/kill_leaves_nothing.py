#!/usr/bin/env python3
"""assay is killed in the middle of a batch: no process, mount, cgroup or temporary tree of its own stays.

The test makes itself the reaper of all that it starts: whatever assay leaves becomes its child, so "nothing is
left" is what the kernel says of its own children, not a search by name.
"""
import ctypes
import json
import os
import signal
import time
from pathlib import Path

import support

PR_SET_CHILD_SUBREAPER = 36
PATIENCE_S = 15  # for the launchers to notice and to remove cgroups, on a loaded machine


def become_reaper():
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def stat(pid):
    """(parent, start time) or None; the command name may hold anything, so the fields are those after it."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return int(fields[1]), int(fields[19])


def descendants(root):
    """{pid: start time} of everything below `root`, in all pid namespaces below ours."""
    table = {int(name): stat(name) for name in os.listdir("/proc") if name.isdigit()}
    found, edge = {}, {root}
    while edge:
        edge = {pid for pid, known in table.items() if known and known[0] in edge and pid not in found}
        found.update((pid, table[pid][1]) for pid in edge)
    return found


def cgroups(pids):
    """Folders of the cgroups of these processes, as far as they are below the test's own or not its own."""
    mounts = {}
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        front, _, back = line.partition(" - ")
        kind, _, options = back.split(" ", 2)
        if kind == "cgroup2":
            mounts[""] = front.split()[4]
        elif kind == "cgroup":
            mounts.update({controller: front.split()[4] for controller in options.split(",")})
    def of(pid):
        try:
            text = Path(f"/proc/{pid}/cgroup").read_text()
        except OSError:
            return set()
        rows = [line.split(":", 2) for line in text.splitlines()]
        return {mounts[controller.split(",")[0]] + path for _, controller, path in rows if controller.split(",")[0] in mounts}
    # An exiting process is in the root of every v1 tree: that is nobody's own.
    return {path for path in set().union(*map(of, pids)) if not path.endswith("/")} - of("self")


def temporary():
    """What assay could have left in the usual places; tests' own folders aside."""
    return {f"{folder}/{name}" for folder in ("/tmp", "/var/tmp", "/dev/shm", "/run", f"/run/user/{os.getuid()}")
            if os.path.isdir(folder) for name in os.listdir(folder)
            if "assay" in name and not name.startswith("assay-test-")}


class Watched:
    """A running assay and all that it has started so far."""

    def __init__(self, assay, scratch, *arguments, **variables):
        self.temporary_before = temporary()
        self.mounts_before = Path("/proc/self/mountinfo").read_text()
        self.temp = scratch / "tmp"
        self.temp.mkdir(exist_ok=True)
        self.log = scratch / "stderr"
        with open(self.log, "wb") as log:
            self.pid = os.posix_spawn(assay.program, [str(assay.program), *map(str, arguments)],
                                      support.environment(TMPDIR=str(self.temp), **variables),
                                      file_actions=[(os.POSIX_SPAWN_DUP2, log.fileno(), 1),
                                                    (os.POSIX_SPAWN_DUP2, log.fileno(), 2)])
        self.processes, self.cgroups = {}, set()

    def until(self, condition, limit_s=120):
        """Watches until condition() holds. assay must be running all the while."""
        end = time.monotonic() + limit_s
        while not condition():
            self.look()
            pid, _ = os.waitpid(self.pid, os.WNOHANG)
            assert pid == 0, f"assay ended by itself:\n{self.log.read_text()[-3000:]}"
            assert time.monotonic() < end, f"nothing to see after {limit_s} s:\n{self.log.read_text()[-3000:]}"
            time.sleep(0.02)
        self.look()

    def look(self):
        now = descendants(self.pid)
        self.processes.update(now)
        self.cgroups |= cgroups(now)

    def end(self, number):
        """Sends the signal; (wait status of assay, what is left in words) after everything had time to go."""
        os.kill(self.pid, number)
        status, end = None, time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            status, alone = self.reap(status)
            left = self.left()
            if alone and status is not None and not left:
                break
            time.sleep(0.02)
        return status, left + ([] if alone else ["processes that became children of the test"])

    def reap(self, status):
        while True:
            try:
                pid, how = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return status, True
            if pid == 0:
                return status, False
            if pid == self.pid:
                status = how

    def left(self):
        alive = [pid for pid, started in self.processes.items() if (stat(pid) or (0, 0))[1] == started]
        mounts = set(Path("/proc/self/mountinfo").read_text().splitlines()) - set(self.mounts_before.splitlines())
        return ([f"process {pid}" for pid in alive] + [f"mount {line}" for line in mounts] +
                [f"cgroup {folder}" for folder in sorted(self.cgroups) if os.path.isdir(folder)] +
                [f"file {file}" for file in sorted(map(str, self.temp.iterdir()))] +
                [f"file {file}" for file in sorted(temporary() - self.temporary_before)])


def results_in(run):
    file = run / "results.jsonl"
    return file.read_text().count("\n") if file.exists() else 0


BATCH = ["run", support.BACKENDS, "--filter", "*-ok", "--repeat", 3, "--progress", "none"]


def in_the_middle(assay, scratch):
    watched = Watched(assay, scratch, *BATCH, "-o", scratch / "run")
    watched.until(lambda: results_in(scratch / "run") >= 3)
    # A launcher, an init, a shell, a server: less would mean that the test looks at nothing.
    watched.until(lambda: len(descendants(watched.pid)) >= 4)
    return watched


def sigkill_leaves_nothing_and_resume_goes_on(assay, scratch):
    watched = in_the_middle(assay, scratch)
    status, left = watched.end(signal.SIGKILL)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    assert not left, "left: " + ", ".join(left)

    run = scratch / "run"
    before = support.results(run)
    whole = len(before)
    assert 3 <= whole < 24, f"{whole} of 24 results: not the middle"
    journal = (run / "events.ndjson").read_bytes().split(b"\n")
    for line in journal[:-1]:  # what follows the last line break may be cut
        json.loads(line)
    after = assay.batch(*BATCH[1:2], run, *BATCH[2:6], "--resume")
    assert len(after) == 24, f"{len(after)} results after --resume"
    assert all(after[name] == before[name] for name in before), "a result that was there has changed"
    assert all(support.counts(result)[2] == 0 for result in after.values())


def an_interrupt_leaves_nothing(assay, scratch):
    watched = in_the_middle(assay, scratch)
    status, left = watched.end(signal.SIGINT)
    assert os.WIFEXITED(status) and os.WEXITSTATUS(status) == 130, f"wait status {status}"
    assert not left, "left: " + ", ".join(left)


def sigkill_while_dependencies_are_built_leaves_nothing(assay, scratch):
    batch = ["run", support.BACKENDS, "--filter", "flask-ok", "--progress", "none"]
    cache = scratch / "cache"
    building = cache / "assay"
    def is_building():
        return [folder for folder in building.rglob("building/*") if any(folder.iterdir())]
    watched = Watched(assay, scratch, *batch, "-o", scratch / "first", XDG_CACHE_HOME=str(cache))
    watched.until(is_building)
    watched.until(lambda: len(descendants(watched.pid)) >= 3)
    _, left = watched.end(signal.SIGKILL)
    assert not left, "left: " + ", ".join(left)

    # The half-made layer is nobody's now: the next start removes it, and builds anew.
    again = assay("run", *batch[1:], "-o", scratch / "second", env=support.environment(XDG_CACHE_HOME=str(cache)))
    result = support.results(scratch / "second")["flask-ok"]
    if result.get("fault", {}).get("step") == "dependencies":
        raise support.Skip(f"no package index: {result['fault']['reason']}")
    assert again.returncode == 0 and support.counts(result)[2] == 0, again.stderr
    assert not is_building(), f"left in the cache: {is_building()}"


if __name__ == "__main__":
    become_reaper()
    support.main(sigkill_leaves_nothing_and_resume_goes_on, an_interrupt_leaves_nothing,
                 sigkill_while_dependencies_are_built_leaves_nothing, description=__doc__)

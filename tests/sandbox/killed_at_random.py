#!/usr/bin/env python3
"""assay is killed by SIGKILL at random moments of a sandbox's life: no process, cgroup or mount of its own stays.

The test makes itself the reaper of all that it starts: whatever assay leaves becomes its child, so "nothing is left"
is what the kernel says of its own children. --kills 500 is the full run.
"""
import argparse
import ctypes
import os
import random
import signal
import subprocess
import time
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
PATIENCE_S = 20  # for a launcher to notice and to remove its cgroups, on a loaded machine
LONGEST_S = 0.12  # of a life before the kill: start, set-up, running


def reap_all(deadline):
    """True once no child is left."""
    while time.monotonic() < deadline:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return True
        if pid == 0:
            time.sleep(0.002)
    return False


def launcher_cgroups():
    """Folders of launchers that do not live any more."""
    left = set()
    for folder, names, _ in os.walk("/sys/fs/cgroup"):
        for name in list(names):
            parts = name.split(".")
            if len(parts) == 3 and parts[0] == "assay" and parts[1].isdigit():
                names.remove(name)
                if not Path(f"/proc/{parts[1]}").exists():
                    left.add(f"{folder}/{name}")
    return left


def mounts():
    return len(Path("/proc/self/mountinfo").read_text().splitlines())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--assay", required=True)
    parser.add_argument("--kills", type=int, default=25)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")

    chance = random.Random(options.seed)
    before = launcher_cgroups()
    mounts_before, descriptors_before = mounts(), len(os.listdir("/proc/self/fd"))
    command = [options.assay, "sandbox", "exec", "--memory", "64M", "--pids", "20", "--",
               "/bin/sh", "-c", "sleep 100 & (sleep 100; true) & wait"]
    for number in range(options.kills):
        program = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        time.sleep(chance.uniform(0, LONGEST_S))
        program.send_signal(signal.SIGKILL)
        program.wait()
        if not reap_all(time.monotonic() + PATIENCE_S):
            raise SystemExit(f"kill {number}: a process of it still lives")

    # A launcher that was itself cut off leaves its folders to the next one.
    subprocess.run([options.assay, "sandbox", "exec", "--", "/bin/true"], check=True)
    left = launcher_cgroups() - before
    if left:
        raise SystemExit("cgroups are left: " + " ".join(sorted(left)))
    if mounts() != mounts_before:
        raise SystemExit(f"{mounts()} mounts, there were {mounts_before}")
    if len(os.listdir("/proc/self/fd")) != descriptors_before:
        raise SystemExit("descriptors of the test are left")
    print(f"{options.kills} kills, nothing left")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Runs a command under Debian's own kernel with cgroup v2 alone, as root or as the user of a delegated cgroup.

A host has one kernel and one layout of cgroups; the launcher has code for several. This boots the newest kernel package
of Debian in QEMU, with the host's file system below a RAM disk: whatever the command changes is gone afterwards, and
what it runs is this machine's build. Emulated (--accel tcg, works everywhere, some twenty times slower) or by KVM.

    tests/sandbox/debian_kernel.py --as delegated build/release/bin/test_sandbox --gtest_filter=Limits.*

Needs the packages qemu-system-x86, busybox-static, kmod and cpio, and apt-get to fetch the kernel, which is not installed.
"""
import argparse
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

MODULES = ["virtio_pci", "9pnet_virtio", "9p", "overlay"]
TOOLS = ["qemu-system-x86_64", "busybox", "depmod", "modprobe", "cpio", "dpkg", "apt-get", "apt-cache"]
MARK = "assay-status"

INIT = """#!/bin/sh
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
for module in {modules}; do modprobe $module; done
mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose,msize=512000 host /lower || poweroff -f
mount -t tmpfs -o size=75% tmpfs /disk; mkdir /disk/upper /disk/work
mount -t overlay -o lowerdir=/lower,upperdir=/disk/upper,workdir=/disk/work overlay /new || poweroff -f
for each in proc sys dev; do mount --move /$each /new/$each; done
cp /inside /new/.assay-inside
exec switch_root /new /bin/bash /.assay-inside
"""

INSIDE = """
export PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin HOME=/root LANG=C.UTF-8
for each in /tmp /run; do mount -t tmpfs tmpfs $each; done
mkdir -p /dev/shm /dev/pts; mount -t tmpfs tmpfs /dev/shm; mount -t devpts devpts /dev/pts
mount -t cgroup2 cgroup2 /sys/fs/cgroup
ip link set lo up
cd {folder}
printf '%s\\n' {command} > /tmp/command
if [ {who} = delegated ]; then
  # As a session manager lays it out: controllers handed down to a folder of the user's, the session one below.
  useradd -m assay-test
  cd /sys/fs/cgroup; mkdir -p user/own/session
  for each in . user; do echo '+memory +pids +cpu' > $each/cgroup.subtree_control; done
  chown -R assay-test user/own
  cd {folder}
  sh -c 'echo $$ > /sys/fs/cgroup/user/own/session/cgroup.procs; exec runuser -u assay-test -- bash /tmp/command'
else
  bash /tmp/command
fi
echo {mark} $?
poweroff -f || busybox poweroff -f
"""


def fetch_kernel(folder):
    depends = subprocess.run(["apt-cache", "depends", "linux-image-amd64"], check=True, capture_output=True, text=True)
    names = [line.split()[-1] for line in depends.stdout.splitlines() if "Depends: linux-image" in line]
    if not names:
        sys.exit("debian_kernel: apt knows no linux-image-amd64: run apt-get update")
    subprocess.run(["apt-get", "download", names[0]], cwd=folder, check=True, stdout=sys.stderr)
    subprocess.run(["dpkg", "-x", next(folder.glob("linux-image*.deb")), folder / "kernel"], check=True)
    version = next((folder / "kernel/lib/modules").iterdir()).name
    subprocess.run(["depmod", "-b", folder / "kernel", version], check=True)
    return version


def module_files(kernel, version):
    for module in MODULES:
        listed = subprocess.run(["modprobe", "-d", kernel, "-S", version, "--show-depends", module], check=True,
                                capture_output=True, text=True)
        yield from (line.split()[1] for line in listed.stdout.splitlines() if line.startswith("insmod"))


def make_ramdisk(folder, version, inside):
    root, kernel = folder / "ramdisk", folder / "kernel"
    for name in ("bin", "proc", "sys", "dev", "lower", "disk", "new", f"lib/modules/{version}"):
        (root / name).mkdir(parents=True)
    shutil.copy(shutil.which("busybox"), root / "bin/busybox")
    for tool in ("sh", "mount", "mkdir", "modprobe", "switch_root", "poweroff", "cp"):
        (root / "bin" / tool).symlink_to("busybox")
    for file in set(module_files(kernel, version)):
        target = root / Path(file).relative_to(kernel)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)
    for file in (kernel / "lib/modules" / version).glob("modules.*"):
        shutil.copy(file, root / "lib/modules" / version)
    (root / "init").write_text(INIT.format(modules=" ".join(MODULES)))
    (root / "init").chmod(0o755)
    (root / "inside").write_text(inside)
    names = "\n".join(str(path.relative_to(root)) for path in sorted(root.rglob("*")))
    with open(folder / "ramdisk.img", "wb") as image:
        subprocess.run(["cpio", "-o", "-H", "newc", "--quiet"], cwd=root, input=names.encode(), stdout=image, check=True)


def boot(folder, version, options):
    command = ["qemu-system-x86_64", "-m", options.memory, "-smp", "2", "-nographic", "-no-reboot", "-kernel",
               folder / f"kernel/boot/vmlinuz-{version}", "-initrd", folder / "ramdisk.img",
               "-append", "console=ttyS0 quiet loglevel=1 panic=-1",
               "-virtfs", "local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap"]
    command += ["-accel", "kvm", "-cpu", "host"] if options.accel == "kvm" else ["-accel", "tcg,thread=multi", "-cpu", "max"]
    status = None
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, errors="replace") as machine:
        for line in machine.stdout:
            if line.startswith(MARK):
                status = int(line.split()[1])
            else:
                print(line.rstrip(), flush=True)
    return status


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--as", dest="who", choices=["root", "delegated"], default="root")
    parser.add_argument("--accel", choices=["tcg", "kvm"], default="tcg")
    parser.add_argument("--memory", default="6G")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    missing = [tool for tool in TOOLS if shutil.which(tool, path=os.environ["PATH"] + ":/usr/sbin:/sbin") is None]
    if missing or not options.command:
        sys.exit(f"debian_kernel: missing: {', '.join(missing) or 'a command'} (see the top of this file)")
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    inside = INSIDE.format(folder=shlex.quote(os.getcwd()), command=shlex.quote(shlex.join(options.command)),
                           who=options.who, mark=MARK)
    with tempfile.TemporaryDirectory(prefix="assay-kernel-") as folder:
        version = fetch_kernel(Path(folder))
        make_ramdisk(Path(folder), version, inside)
        status = boot(Path(folder), version, options)
    if status is None:
        sys.exit("debian_kernel: the machine ended before the command did")
    sys.exit(status)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""One newman run against one server, inside namespaces of their own.

newman_parity.py starts this file as pid 1 of a fresh user, net, mount and pid namespace, so that nothing
of it survives and its port belongs to it alone. argv[1] names a JSON file:

  source     the server's folder, a fresh copy that this run may spoil
  port, health, path, home, log
  postgres   folder of a prepared cluster to copy, or null
  newman     newman's command line, whole
  env        of newman
  limit      seconds that newman may take

Exit: 0 newman ran (its own exit code does not matter), 3 it had to be stopped.
"""
import http.client
import json
import os
import shutil
import subprocess
import sys
import time

ADDRESS = "10.77.0.1"  # not loopback: a server bound to 127.0.0.1 alone must be refused
HEALTH_SECONDS = 4.0     # of waiting for a server that does nothing any more
HEALTH_LIMIT_S = 60.0    # at all


def network(scratch):
    """lo with a second address, and the names that a submission knows."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["ip", "address", "add", ADDRESS + "/32", "dev", "lo"], check=True)
    hosts = os.path.join(scratch, "hosts")
    with open(hosts, "w") as out:
        out.write(f"127.0.0.1 localhost\n{ADDRESS} conduit\n{ADDRESS} postgres\n")
    subprocess.run(["mount", "--bind", hosts, "/etc/hosts"], check=True)


def start_postgres(template, scratch):
    """A private cluster. PostgreSQL refuses uid 0, so it gets a user namespace where it is somebody."""
    data = os.path.join(scratch, "pgdata")
    shutil.copytree(template, data)
    os.chmod(data, 0o700)
    with open(os.path.join(scratch, "postgres.log"), "wb") as log:
        process = subprocess.Popen(
            ["unshare", "-U", "--map-user=1000", "--map-group=1000", shutil.which("postgres", path=PG_PATH), "-D", data,
             "-c", "listen_addresses=*", "-c", f"unix_socket_directories={scratch}", "-c", "fsync=off"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    ready = [shutil.which("pg_isready", path=PG_PATH), "-q", "-h", ADDRESS, "-U", "user", "-d", "conduit"]
    for _ in range(100):
        if subprocess.run(ready).returncode == 0:
            return
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise SystemExit("the private PostgreSQL did not start")


PG_PATH = os.pathsep.join(["/usr/lib/postgresql/15/bin", "/usr/lib/postgresql/16/bin", os.environ.get("PATH", "")])


def start_server(spec):
    env = {
        "PATH": spec["path"], "HOME": spec["home"], "PORT": str(spec["port"]), "TZ": "UTC", "PYTHONHASHSEED": "0",
        "LANG": "C.UTF-8",
    }
    if spec["postgres"]:
        env |= {
            "DATABASE_URL": "postgresql://user:password@postgres:5432/conduit",
            "PGHOST": "postgres", "PGPORT": "5432", "PGUSER": "user", "PGPASSWORD": "password", "PGDATABASE": "conduit",
        }
    with open(spec["log"], "wb") as log:
        return subprocess.Popen(["/bin/sh", "-c", "chmod +x run.sh && ./run.sh"], cwd=spec["source"], env=env,
                                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)


def cpu_seconds():
    """CPU time of everything in this pid namespace but this process."""
    ticks = 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat") as stat:
                fields = stat.read().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += 0 if pid == str(os.getpid()) else sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def wait_for_health(server, port, path):
    """Any HTTP answer will do, and so will none: the suite is fired either way.

    A server that still uses the CPU is still starting, however slow the machine is: the time that counts against
    it is the time in which it did nothing.
    """
    start = checked = time.monotonic()
    used, idle = cpu_seconds(), 0.0
    while idle < HEALTH_SECONDS and time.monotonic() - start < HEALTH_LIMIT_S and not server.poll():
        if time.monotonic() - checked >= 0.5:
            now, now_used = time.monotonic(), cpu_seconds()
            idle = idle + now - checked if now_used - used < 0.05 * (now - checked) else 0.0
            checked, used = now, now_used
        try:
            connection = http.client.HTTPConnection("conduit", port, timeout=1.0)
            connection.request("GET", path)
            connection.getresponse().read()
            return
        except (OSError, http.client.HTTPException):
            time.sleep(0.05)
        finally:
            connection.close()


def main():
    with open(sys.argv[1]) as text:
        spec = json.load(text)
    scratch = os.path.dirname(os.path.abspath(sys.argv[1]))
    network(scratch)
    if spec["postgres"]:
        start_postgres(spec["postgres"], scratch)
    server = start_server(spec)
    wait_for_health(server, spec["port"], spec["health"])
    with open(os.path.join(scratch, "newman.log"), "wb") as log:
        try:
            subprocess.run(spec["newman"], env=spec["env"], cwd=scratch, stdin=subprocess.DEVNULL, stdout=log,
                           stderr=log, timeout=spec["limit"])
        except subprocess.TimeoutExpired:
            return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())

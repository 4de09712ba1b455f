#!/usr/bin/env python3
"""Same verdicts as newman: every sample backend, each collection, cell by cell.

newman side: a fresh copy of the backend and newman, both in namespaces of their own (newman_inside.py).
Where assay's file differs, newman runs a second time: a cell that differs between newman's own runs
depends on the server alone (a time stamp, a token), is counted as unstable and not compared. assay side: `assay run` over the same backends.
Compared is every byte of the two CSV files but the response times. newman's results stay in
build/conformance/, keyed by the content of all that they depend on.

Exit: 0 equal, 1 not equal or a problem, 77 newman cannot be installed (ctest: skipped).
"""
import argparse
import concurrent.futures
import fnmatch
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import newman_csv  # noqa: E402

ROOT = HERE.parent.parent
BACKENDS = ROOT / "tests/corpus/backends"
OWN_COLLECTION = ROOT / "tests/corpus/conduit.postman_collection.json"
SHARED_COLLECTION = ROOT.parent / "shared/constraint-decay/Conduit.postman_collection.json"
CACHE = ROOT / "build/conformance"
GLOBALS = {"USERNAME": "user", "EMAIL": "user@mail.com", "PASSWORD": "password"}
TIMEOUT_MS = 10000        # the evaluation's own
HANGING_TIMEOUT_MS = 700  # for backends that never answer: the same on both sides
NEWMAN_LIMIT_S = 600
EXPECTED = {OWN_COLLECTION.name: "assertions", SHARED_COLLECTION.name: "conduit"}  # keys of expected/<id>.json
SHOWN = 30                # differences printed of one backend
SKIP = 77


class Problem(Exception):
    """Something that is not a difference of results, but prevents the comparison."""


class NoRegistry(Exception):
    pass


def log(text):
    print(text, file=sys.stderr, flush=True)


def digest(*parts):
    sha = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else str(part).encode()
        sha.update(len(data).to_bytes(8, "little") + data)
    return sha.hexdigest()[:24]


def run(command, what, **more):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, **more)
    if done.returncode:
        raise Problem(f"{what} failed ({done.returncode}):\n{done.stdout[-3000:]}")
    return done.stdout


# --- what newman and the servers need: installed once, kept by content -----------------------------------

def installed(kind, key, make):
    """CACHE/kind-key, made by `make(folder)` and marked complete."""
    folder = CACHE / f"{kind}-{key}"
    if not (folder / ".complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        log(f"installing {folder.name}")
        make(folder)
        (folder / ".complete").touch()
    return folder


def npm_install(folder, manifest, lock, what):
    (folder / "package.json").write_bytes(manifest)
    if lock:
        (folder / "package-lock.json").write_bytes(lock)
    run(["npm", "ci" if lock else "install", "--no-audit", "--no-fund"], what, cwd=folder)


def newman_folder():
    manifest = (HERE / "newman/package.json").read_bytes()
    lock = (HERE / "newman/package-lock.json").read_bytes()

    def make(folder):
        ask = ["npm", "view", "newman@6.2.2", "version", "--fetch-retries=0", "--fetch-timeout=15000"]
        try:
            reachable = subprocess.run(ask, stdin=subprocess.DEVNULL, capture_output=True, timeout=60).returncode == 0
        except subprocess.TimeoutExpired:
            reachable = False
        if not reachable:
            shutil.rmtree(folder)
            raise NoRegistry
        npm_install(folder, manifest, lock, "npm ci of newman")
    return installed("newman", digest(manifest, lock), make)


def node_folder(source):
    """node_modules of a backend, or None for one without package.json."""
    if not (source / "package.json").exists():
        return None
    manifest = (source / "package.json").read_bytes()
    lock = (source / "package-lock.json").read_bytes() if (source / "package-lock.json").exists() else b""
    return installed("node", digest(manifest, lock, platform.machine()),
                     lambda folder: npm_install(folder, manifest, lock, f"npm for {source.name}"))


def requirement_lines(source):
    file = source / "requirements.txt"
    lines = file.read_text().splitlines() if file.exists() else []
    return sorted({line.split("#")[0].strip() for line in lines} - {""})


def package_of(requirement):
    return re.split(r"[\[<>=!~; ]", requirement, maxsplit=1)[0].lower().replace("_", "-")


def requirement_groups(sources):
    """As few environments as agree with themselves: {backend: its group's requirement lines}."""
    groups = []
    for source in sources:
        wanted = {package_of(line): line for line in requirement_lines(source)}
        if not wanted:
            continue
        for group, members in groups:
            if all(group.get(name, line) == line for name, line in wanted.items()):
                break
        else:
            group, members = {}, []
            groups.append((group, members))
        group.update(wanted)
        members.append(source.name)
    return {name: tuple(sorted(group.values())) for group, members in groups for name in members}


def python_folder(lines):
    def make(folder):
        run([sys.executable, "-m", "venv", folder], "python -m venv")
        (folder / "requirements.txt").write_text("\n".join(lines) + "\n")
        run([folder / "bin/pip", "install", "-q", "--disable-pip-version-check", "-r", folder / "requirements.txt"], "pip")
    return installed("venv", digest(*lines, platform.python_version()), make)


def postgres_folder():
    """A prepared cluster: role `user`, database `conduit`."""
    path = os.pathsep.join(["/usr/lib/postgresql/15/bin", "/usr/lib/postgresql/16/bin", os.environ["PATH"]])
    initdb, postgres = (shutil.which(name, path=path) for name in ("initdb", "postgres"))
    if not initdb or not postgres:
        raise Problem("a backend needs PostgreSQL, and initdb or postgres is not installed")

    def make(folder):
        data = folder / "data"
        someone = ["unshare", "-U", "--map-user=1000", "--map-group=1000"]
        with tempfile.NamedTemporaryFile("w") as password:
            password.write("password")
            password.flush()
            os.chmod(password.name, 0o644)
            run(["unshare", "-r", *someone, initdb, "-D", data, "-U", "user", "-A", "scram-sha-256", "-E", "UTF8",
                 "--locale=C", f"--pwfile={password.name}", "--no-sync"], "initdb")
        with open(data / "pg_hba.conf", "a") as hba:
            hba.write("host all all all scram-sha-256\n")
        done = subprocess.run(["unshare", "-r", *someone, postgres, "--single", "-D", data, "postgres"],
                              input="CREATE DATABASE conduit;\n", text=True, capture_output=True)
        if done.returncode:
            raise Problem(f"CREATE DATABASE failed:\n{done.stderr}")
    return installed("postgres", digest(run([postgres, "--version"], "postgres")), make) / "data"


# --- one backend ------------------------------------------------------------------------------------------

class Backend:
    def __init__(self, folder):
        self.folder = folder
        self.name = folder.name
        self.task = json.loads((folder / "task.json").read_text())
        meta = self.task["repoMetadata"]
        self.port = meta["port"]
        self.health = meta["healthcheckEndpoint"]
        self.url = f"http://conduit:{self.port}{meta['baseUrl']}"
        self.postgres = "postgres" in self.task["name"]
        self.timeout_ms = HANGING_TIMEOUT_MS if "hang" in self.name else TIMEOUT_MS

    def content(self):
        files = sorted(p for p in self.folder.rglob("*") if p.is_file() and p.name != "task.json")
        return digest(self.port, self.health, self.url, self.postgres,
                      *(part for p in files for part in (p.relative_to(self.folder), p.read_bytes())))


def newman_run(backend, collection, tools, out):
    """One run; its CSV is written to `out`."""
    with tempfile.TemporaryDirectory(prefix="run-", dir=CACHE / "work", ignore_cleanup_errors=True) as scratch:
        scratch = Path(scratch)
        source = scratch / "source"
        shutil.copytree(backend.folder, source, ignore=shutil.ignore_patterns("task.json", "node_modules"))
        (scratch / "home").mkdir()
        path = ["/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin", "/sbin"]
        path.insert(0, str(Path(shutil.which("node")).parent))
        if tools["venv"]:
            path.insert(0, str(tools["venv"] / "bin"))
        if tools["node"] and (tools["node"] / "node_modules").exists():
            (source / "node_modules").symlink_to(tools["node"] / "node_modules")
        variables = {"APIURL": backend.url, **GLOBALS}
        newman = [shutil.which("node"), str(tools["newman"] / "node_modules/newman/bin/newman.js"), "run", str(collection),
                  "--timeout-request", str(backend.timeout_ms), "-r", "csv", "--reporter-csv-export", str(scratch / "out.csv")]
        for name, value in variables.items():
            newman += ["--global-var", f"{name}={value}"]
        spec = scratch / "spec.json"
        spec.write_text(json.dumps({
            "source": str(source), "port": backend.port, "health": backend.health, "path": os.pathsep.join(path),
            "home": str(scratch / "home"), "log": str(scratch / "server.log"),
            "postgres": str(tools["postgres"]) if backend.postgres else None, "newman": newman,
            "env": {"PATH": os.pathsep.join(path), "HOME": str(scratch), "LANG": "C.UTF-8"}, "limit": NEWMAN_LIMIT_S}))
        done = subprocess.run(["unshare", "-rnmpf", "--kill-child", "--mount-proc", sys.executable, "-I",
                               str(HERE / "newman_inside.py"), str(spec)],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode or not (scratch / "out.csv").exists():
            said = (scratch / "newman.log").read_text(errors="replace")[-1500:] if (scratch / "newman.log").exists() else ""
            raise Problem(f"newman against {backend.name} ended with {done.returncode}: {done.stderr[-1500:]}{said}")
        shutil.copy(scratch / "out.csv", out)


def newman_side(backend, collection, tools, runs):
    """The CSV texts of so many runs, from the cache where they are there."""
    key = digest(collection.read_bytes(), backend.content(), backend.timeout_ms, tools["newman"].name,
                 tools["node_version"], platform.python_version(), (HERE / "newman_inside.py").read_bytes())
    folder = CACHE / "results" / f"{backend.name}-{key}"
    folder.mkdir(parents=True, exist_ok=True)
    texts = []
    for number in range(runs):
        out = folder / f"newman-{number}.csv"
        if not out.exists():
            newman_run(backend, collection, tools, folder / "part")
            (folder / "part").rename(out)
        texts.append(newman_csv.read(out))
    return texts


# --- comparison -------------------------------------------------------------------------------------------

def compare(newman, assay):
    """(compared, unstable, [(row, column, newman's, assay's)]) of newman's runs against assay's one."""
    tables = [newman_csv.cells(text) for text in newman]
    ours = newman_csv.cells(assay)
    columns = tables[0][0]
    compared = unstable = 0
    wrong = []
    if any(len(table) != len(tables[0]) for table in tables):
        return 0, 0, [("all", "row count of newman", ", ".join(str(len(table)) for table in tables), "differs by itself")]
    if len(ours) != len(tables[0]):
        wrong.append(("all", "row count", len(tables[0]) - 1, len(ours) - 1))
    for number, theirs in enumerate(tables[0][:len(ours)]):
        for at in range(max(len(theirs), len(ours[number]))):
            column = columns[at] if at < len(columns) else f"#{at}"
            if column == newman_csv.RESPONSE_TIME and number:
                continue
            values = {table[number][at] if at < len(table[number]) else None for table in tables}
            if len(values) > 1:
                unstable += 1
                continue
            compared += 1
            theirs_value, ours_value = values.pop(), ours[number][at] if at < len(ours[number]) else None
            if theirs_value != ours_value:
                wrong.append((number, column, theirs_value, ours_value))
    return compared, unstable, wrong


def totals(text):
    """passed/total of a CSV, as the evaluation counts."""
    table = newman_csv.cells(text)
    sums = {name: 0 for name in ("executedCount", "totalAssertions")}
    for row in table[1:]:
        for name in sums:
            at = table[0].index(name)
            value = row[at].strip('"') if at < len(row) else ""
            sums[name] += int(value) if value.isdigit() else 0
    return f"{sums['executedCount']}/{sums['totalAssertions']}"


def expected_totals(backend, collection):
    """passed/total that the corpus promises of newman, or None."""
    file = backend.folder.parent.parent / "expected" / f"{backend.name}.json"
    counts = json.loads(file.read_text()).get(EXPECTED.get(collection.name)) if file.exists() else None
    return counts and f"{counts['passed']}/{counts['total']}"


# --- assay side -------------------------------------------------------------------------------------------

def assay_side(assay, backends, collection, work):
    """{backend name: CSV text or None}. One batch for each request timeout."""
    found = {}
    for timeout in sorted({b.timeout_ms for b in backends}):
        members = [b for b in backends if b.timeout_ms == timeout]
        batch = work / f"batch-{timeout}"
        for backend in members:
            shutil.copytree(backend.folder, batch / "backends" / backend.name, ignore=shutil.ignore_patterns("node_modules"))
        shutil.copy(collection, batch / collection.name)
        out = work / f"out-{timeout}"
        command = [assay, "run", batch / "backends", "-o", out, "--suite", collection, "--newman-csv",
                   "--timeout-request", str(timeout), "--progress", "none"]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            raise Problem(f"assay run ended with {done.returncode}: {done.stderr[-2000:]}")
        for backend in members:
            csv = out / "logs" / backend.name / "newman-run-report.csv"
            found[backend.name] = newman_csv.read(csv) if csv.exists() else None
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--assay", type=Path, default=ROOT / "build/release/bin/assay", help="the program")
    parser.add_argument("--only", default="*", metavar="GLOB", help="backends to take, by name")
    parser.add_argument("--skip", action="append", default=[], metavar="GLOB", help="backends not to take; repeatable")
    parser.add_argument("--collection", type=Path, action="append", help="instead of the two usual ones; repeatable")
    parser.add_argument("--backends", type=Path, default=BACKENDS, help="folder of backends")
    parser.add_argument("--newman-only", action="store_true", help="print newman's totals, compare nothing")
    parser.add_argument("--keep", action="store_true", help="keep the work folder")
    options = parser.parse_args()

    collections = options.collection or [OWN_COLLECTION] + [c for c in [SHARED_COLLECTION] if c.exists()]
    everything = [Backend(f) for f in sorted(options.backends.iterdir()) if (f / "task.json").exists()]
    backends = [b for b in everything if fnmatch.fnmatch(b.name, options.only)
                and not any(fnmatch.fnmatch(b.name, pattern) for pattern in options.skip)]
    if not backends:
        raise Problem(f"no backend in {options.backends} is called {options.only}")
    if not options.newman_only and not options.assay.exists():
        raise Problem(f"{options.assay} does not exist: build it, or give --assay")
    for name in ("node", "npm", "unshare", "ip"):
        if not shutil.which(name):
            raise Problem(f"{name} is not installed")

    (CACHE / "work").mkdir(parents=True, exist_ok=True)
    newman = newman_folder()
    node_version = run(["node", "--version"], "node --version").strip()
    groups = requirement_groups([b.folder for b in everything])
    postgres = postgres_folder() if any(b.postgres for b in backends) else None
    tools = {b.name: {
        "newman": newman, "node_version": node_version, "postgres": postgres, "node": node_folder(b.folder),
        "venv": python_folder(groups[b.name]) if b.name in groups else None} for b in backends}

    compared = unstable = different = 0
    work = Path(tempfile.mkdtemp(prefix="assay-", dir=CACHE / "work"))
    try:
        for number, collection in enumerate(collections):
            collection = collection.resolve()
            print(f"{collection.name}: {len(backends)} backends")
            with concurrent.futures.ThreadPoolExecutor(2) as pool:  # two: the machine is also the servers'
                texts = list(pool.map(lambda b: newman_side(b, collection, tools[b.name], 1), backends))
            for backend, runs in zip(backends, texts):
                promised, measured = expected_totals(backend, collection), totals(runs[0])
                # What depends on time (a pool's timeout, a collected session) may differ in one of newman's runs.
                if promised and measured != promised and promised not in map(
                        totals, newman_side(backend, collection, tools[backend.name], 2)):
                    different += 1
                    print(f"  {backend.name}: the corpus promises {promised}, newman says {measured}")
                elif options.newman_only:
                    print(f"  {backend.name}: {measured}")
            if options.newman_only:
                continue
            ours = assay_side(options.assay.resolve(), backends, collection, work / str(number))
            for backend, runs in zip(backends, texts):
                if ours[backend.name] is None:
                    wrong = [("all", "file", "written", "no CSV")]
                else:
                    count, loose, wrong = compare(runs, ours[backend.name])
                    if wrong:
                        runs = newman_side(backend, collection, tools[backend.name], 2)
                        count, loose, wrong = compare(runs, ours[backend.name])
                    compared += count
                    unstable += loose
                different += len(wrong)
                for row, column, theirs, our in wrong[:SHOWN]:
                    print(f"  {backend.name}, row {row}, {column}: newman {theirs}, assay {our}")
                if len(wrong) > SHOWN:
                    print(f"  {backend.name}: and {len(wrong) - SHOWN} cells more")
    finally:
        if options.keep:
            log(f"kept: {work}")
        else:
            shutil.rmtree(work, ignore_errors=True)
    if options.newman_only:
        return 1 if different else 0
    print(f"{compared} cells compared, {different} different, {unstable} unstable between newman's own runs")
    return 1 if different or not compared else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except NoRegistry:
        print("skipped: npm cannot reach its registry, so newman cannot be installed")
        sys.exit(SKIP)
    except Problem as problem:
        print(f"problem: {problem}")
        sys.exit(1)

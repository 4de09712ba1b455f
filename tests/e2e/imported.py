#!/usr/bin/env python3
"""An imported image with Node.js: npm builds a dependency layer in it, and a submission is judged as in our own."""
import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile

import support

NODE = "/usr/bin/node"
NPM = "/usr/lib/node_modules/npm"
# What npm's and the submission's shell scripts call.
TOOLS = ["/bin/bash", "/bin/sh", "/usr/bin/env", "/usr/bin/dirname", "/usr/bin/chmod"]


def libraries(*programs):
    """The libraries of programs, each by the path under which it is looked for."""
    said = subprocess.run(["ldd", *programs], capture_output=True, text=True, check=True).stdout
    return sorted({word for line in said.splitlines() for word in line.split()
                   if word.startswith("/") and not word.endswith(":")})


def layer(*fill):
    """A layer as bytes: every `fill` is called with the archive."""
    bytes_ = io.BytesIO()
    with tarfile.open(fileobj=bytes_, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for each in fill:
            each(archive)
    return bytes_.getvalue()


def file(source, name):
    """A copy of a host's file, as another user's, whom the sandbox does not know."""
    def owned(info):
        info.uid, info.gid, info.uname, info.gname = 4711, 4711, "builder", "builder"
        return info

    return lambda archive: archive.add(os.path.realpath(source), name, filter=owned)


def member(name, content=b"", kind=tarfile.REGTYPE, link=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size, info.mode = kind, link, len(content), 0o755
    return lambda archive: archive.addfile(info, io.BytesIO(content))


def link(name, to):
    return member(name, kind=tarfile.SYMTYPE, link=to)


def write_image(path):
    """As `docker save` of a node image, whose Node.js stands in /usr/local: a system, then Node.js and npm over it."""
    def system_file(source):  # /bin and /lib are links, as in Debian
        return "usr" + source if source.startswith(("/bin/", "/lib/", "/lib64/")) else source[1:]

    system = layer(*[link(top, f"usr/{top}") for top in ("bin", "lib", "lib64")],
                   *[file(source, system_file(source)) for source in TOOLS + libraries(NODE, *TOOLS)],
                   member("usr/local/bin/node", b"#!/bin/sh\necho an older one\n"), member("app/old", b"x"),
                   member("usr/local/lib/node_modules/npm/stale.js", b"x"))
    node = layer(member("usr/local/bin/.wh.node"), member("usr/local/lib/node_modules/npm/.wh..wh..opq"))
    program = layer(file(NODE, "usr/local/bin/node"), file(NPM, "usr/local/lib/node_modules/npm"),
                    link("usr/local/bin/npm", "../lib/node_modules/npm/bin/npm-cli.js"),
                    member("usr/local/bin/nodejs", kind=tarfile.LNKTYPE, link="usr/local/bin/node"),
                    member("docker-entrypoint.sh", b"#!/bin/sh\nexit 1\n"))
    layers = [system, node, program]
    digests = [hashlib.sha256(each).hexdigest() for each in layers]
    config = json.dumps({
        "os": "linux", "architecture": {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine],
        "config": {"Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "NODE_VERSION=20"],
                   "Entrypoint": ["docker-entrypoint.sh"], "Cmd": ["node"], "User": "node", "WorkingDir": "/home/node"},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}" for digest in digests]}}).encode()
    name = hashlib.sha256(config).hexdigest() + ".json"
    saved = [{"Config": name, "RepoTags": ["own-node:20"], "Layers": [f"{digest}/layer.tar" for digest in digests]}]
    with tarfile.open(path, "w") as archive:
        for digest, content in zip(digests, layers):
            member(f"{digest}/VERSION", b"1.0")(archive)
            member(f"{digest}/json", json.dumps({"id": digest}).encode())(archive)
            member(f"{digest}/layer.tar", content)(archive)
        member(name, config)(archive)
        member("manifest.json", json.dumps(saved).encode())(archive)
        member("repositories", json.dumps({"own-node": {"20": digests[-1]}}).encode())(archive)


def a_submission_runs_in_an_imported_image_with_a_layer_of_its_npm(assay, scratch):
    if not (os.path.exists(NODE) and os.path.isdir(NPM)):
        raise support.Skip(f"this host has no {NODE} and {NPM}")
    env = support.environment(XDG_CACHE_HOME=str(scratch / "cache"), XDG_STATE_HOME=str(scratch / "state"))
    saved = scratch / "own-node.tar"
    write_image(saved)
    done = assay("image", "import", saved, env=env)
    assert done.returncode == 0 and done.stdout.strip() == "own-node-20", done.stdout + done.stderr
    assert "smoke test passed" in done.stderr and "v" in done.stderr, done.stderr
    saved.unlink()

    # Nothing of the host is seen, but for what the image has; the stale file is hidden by the layer above.
    done = assay("sandbox", "exec", "--image", "own-node-20", "--", "/bin/sh", "-c",
                 "node -p process.execPath; npm --version; test -e /usr/bin/python3 -o -e /usr/bin/node || echo alone; "
                 "test -e /usr/local/lib/node_modules/npm/stale.js || echo fresh; nodejs -p process.env.NODE_VERSION",
                 env=env)
    assert done.returncode == 0, done.stderr
    words = done.stdout.split()
    assert words[0] == "/usr/local/bin/node" and words[2:] == ["alone", "fresh", "20"], done.stdout

    batch = scratch / "batch"
    for name in ("express-ok", "express-broken-auth"):
        shutil.copytree(support.BACKENDS / name, batch / name, ignore=shutil.ignore_patterns("node_modules"))
        task = json.loads((batch / name / "task.json").read_text(encoding="utf-8"))
        task["postmanCollection"] = str(support.CORPUS / "conduit.postman_collection.json")
        (batch / name / "task.json").write_text(json.dumps(task), encoding="utf-8")
    out = scratch / "run"
    done = assay("run", batch, "-o", out, "--image", "own-node-20", "--progress", "plain", env=env, timeout=250)
    found = support.results(out)
    if any("registry_unreachable" in json.dumps(each.get("fault", "")) for each in found.values()):
        raise support.Skip("the registry cannot be reached from here")
    assert done.returncode == 0, done.stderr[-3000:]
    for name, result in found.items():
        wanted = support.expected(name)
        assert support.counts(result) == tuple(wanted["assertions"][each] for each in ("total", "passed", "failed")), \
            (name, result["verdict"]["assertions"])
        assert result["server"]["start"] == "cold", result["server"]
    listed = json.loads(assay("image", "list", "--json", env=env).stdout)
    layers = [each for each in listed["layers"] if each["image"] == "own-node-20" and each["kind"] != "image"]
    assert layers and all(each["kind"] == "node-modules" for each in layers), listed["layers"]


if __name__ == "__main__":
    support.main(a_submission_runs_in_an_imported_image_with_a_layer_of_its_npm, description=__doc__)

#!/usr/bin/env python3
"""`assay image build --from BATCH` makes what a batch needs: afterwards it runs offline, from a store of its own."""
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import support


def write_batch(file, *names):
    folders = [support.BACKENDS / name for name in names]
    file.write_text("".join(json.dumps({"id": folder.name, "task": str(folder / "task.json"),
                                        "source": {"dir": str(folder)}}) + "\n" for folder in folders))


def main(assay):
    with tempfile.TemporaryDirectory(prefix="assay-ahead-") as scratch:
        env = dict(os.environ, XDG_CACHE_HOME=f"{scratch}/cache", XDG_STATE_HOME=f"{scratch}/state")
        batch = Path(scratch, "batch.jsonl")
        write_batch(batch, "flask-ok")

        def run(*words):
            return subprocess.run([assay, *map(str, words)], env=env, capture_output=True, text=True, check=False)

        built = run("image", "build", "--from", batch)
        if "registry_unreachable" in built.stdout:
            print("the registry cannot be reached from here")
            return 77
        assert built.returncode == 0, built.stdout + built.stderr
        assert "ready" in built.stdout and "flask-ok" in built.stdout, built.stdout
        assert "; template: made" in built.stdout, built.stdout  # warm, as `assay run` is
        again = run("image", "build", "--from", batch, "--offline")
        assert again.returncode == 0, again.stdout + again.stderr
        ran = run("run", batch, "--offline", "--progress", "none", "-o", f"{scratch}/run")
        assert ran.returncode == 0, ran.stderr
        result = json.loads(Path(scratch, "run/results.jsonl").read_text(encoding="utf-8").splitlines()[0])
        assert result.get("verdict") and result["server"]["start"] == "warm", result
        # What it has not is a fault of ours, and worth another try.
        write_batch(batch, "flask-ok", "koa-ok")
        missing = run("image", "build", "--from", batch, "--offline")
        assert missing.returncode == 75 and "offline" in missing.stdout, missing.stdout + missing.stderr
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[sys.argv.index("--assay") + 1]))

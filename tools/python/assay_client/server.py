"""A server of one's own, for as long as a with statement."""
from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
from typing import Any, Optional, Sequence

from .client import Client
from .errors import AssayError


class PrivateServer:
    """Starts `assay serve` on a unix socket; with it comes a Client, and with its end the server goes.

    program  the program; without it $ASSAY, else `assay` on the path
    options  further ones: ["--offline", "--jobs", "4"]
    folder   the run folder, kept; without it one that goes with the server
    """

    def __init__(self, program: Optional[str] = None, options: Sequence[str] = (), folder: Optional[str] = None,
                 grace: float = 30) -> None:
        self._program = program or os.environ.get("ASSAY") or shutil.which("assay")
        if not self._program:
            raise AssayError("there is no program assay on the path: name it")
        self._options = list(options)
        self._folder = folder
        self._grace = grace
        self._process: Optional["subprocess.Popen[str]"] = None
        self._scratch: Optional["tempfile.TemporaryDirectory[str]"] = None
        self._client: Optional[Client] = None

    def __enter__(self) -> Client:
        self._scratch = tempfile.TemporaryDirectory(prefix="assay-")
        folder = self._folder or os.path.join(self._scratch.name, "run")
        command = [str(self._program), "serve", "--listen", f"unix:{self._scratch.name}/socket", "-o", folder,
                   "--grace", f"{self._grace:g}", *self._options]
        environment = {name: value for name, value in os.environ.items() if name != "ASSAY_LISTEN"}
        try:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                                             env=environment)
            assert self._process.stdout is not None
            line = self._process.stdout.readline()
            if not line:
                raise AssayError(f"assay serve ended with {self._process.wait()}; it said why on stderr")
            self._client = Client(json.loads(line)["listening"])
        except BaseException:
            self._end()
            raise
        return self._client

    def __exit__(self, *_: Any) -> None:
        self._end()

    def _end(self) -> None:
        if self._client is not None:
            self._client.close()
        if self._process is not None:
            if self._process.poll() is None:
                self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(self._grace + 15)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            if self._process.stdout is not None:
                self._process.stdout.close()
        if self._scratch is not None:
            self._scratch.cleanup()
        self._process = self._scratch = self._client = None

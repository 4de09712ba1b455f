"""A client of `assay serve`, in the standard library alone.

    from assay_client import Client, PrivateServer, Reward, files

    with PrivateServer() as client:
        reward = Reward(client)
        scores = reward([{"run.sh": "...", "server.js": "..."}], task="task.json")
"""
from .client import Client
from .entries import files, patch
from .errors import AssayError, Refused, Unreachable
from .reward import Reward
from .server import PrivateServer

__all__ = ["AssayError", "Client", "PrivateServer", "Refused", "Reward", "Unreachable", "files", "patch"]

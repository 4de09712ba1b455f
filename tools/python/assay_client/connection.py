"""Requests to one server: each thread has a connection of its own, which is kept."""
from __future__ import annotations

import http.client
import json
import socket
import threading
from typing import Any, Dict, Optional, Tuple
from urllib.parse import urlsplit

from .errors import Refused, Unreachable

_LOST = (http.client.HTTPException, OSError)


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Connection:
    """`address` is "unix:PATH", "http://HOST:PORT" or "HOST:PORT"."""

    def __init__(self, address: str, token: Optional[str], timeout: float) -> None:
        self.address = address
        self._token = token
        self._timeout = timeout
        self._local = threading.local()
        if not address.startswith("unix:"):
            parts = urlsplit(address if "//" in address else f"http://{address}")
            if parts.scheme != "http" or not parts.hostname or parts.port is None:
                raise ValueError(f"{address}: write unix:PATH or http://HOST:PORT")
            self._host, self._port = parts.hostname, parts.port

    def open(self, timeout: Optional[float] = None) -> http.client.HTTPConnection:
        timeout = self._timeout if timeout is None else timeout
        if self.address.startswith("unix:"):
            return _UnixConnection(self.address[len("unix:"):], timeout)
        return http.client.HTTPConnection(self._host, self._port, timeout=timeout)

    def headers(self, content_type: Optional[str] = None) -> Dict[str, str]:
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        if content_type:
            headers["Content-Type"] = content_type
        return headers

    def request(self, method: str, target: str, body: Optional[bytes] = None,
                content_type: Optional[str] = None, wait: float = 0) -> Tuple[int, bytes]:
        """The answer, whatever its status. A kept connection that the server has closed meanwhile is opened again."""
        kept = getattr(self._local, "connection", None)
        try:
            if kept is not None:
                return self._exchange(kept, method, target, body, content_type, wait)
        except _LOST:
            self.close()
        connection = self._local.connection = self.open()
        try:
            return self._exchange(connection, method, target, body, content_type, wait)
        except _LOST as error:
            self.close()
            raise Unreachable(f"{self.address}: {error or type(error).__name__}") from error

    def json(self, method: str, target: str, body: Optional[bytes] = None, content_type: Optional[str] = None,
             wait: float = 0) -> Any:
        """The answer's JSON; a refusal is raised."""
        status, text = self.request(method, target, body, content_type, wait)
        if status >= 300:
            raise refusal(status, text)
        return json.loads(text)

    def close(self) -> None:
        kept = getattr(self._local, "connection", None)
        if kept is not None:
            kept.close()
            self._local.connection = None

    def _exchange(self, connection: http.client.HTTPConnection, method: str, target: str, body: Optional[bytes],
                  content_type: Optional[str], wait: float) -> Tuple[int, bytes]:
        connection.timeout = self._timeout + wait
        if connection.sock is not None:
            connection.sock.settimeout(connection.timeout)
        connection.request(method, target, body, self.headers(content_type))
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, text


def refusal(status: int, text: bytes) -> Refused:
    try:
        said = json.loads(text)
        return Refused(status, str(said["error"]), str(said.get("remedy", "")))
    except (ValueError, KeyError, TypeError):
        return Refused(status, f"the server answered with {status}")

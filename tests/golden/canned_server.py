#!/usr/bin/env python3
"""A tiny HTTP/1.1 server of canned answers, for the goldens. Standard library only.

server.json is a list; the first entry that matches a request answers it:

  method    any when absent
  path      pattern of the request target, query included (fnmatch); [ and ] as in fnmatch
  times     how often this entry answers before it is passed over (for ever when absent)
  status    200 when absent;  reason: the standard one when absent
  headers   list of [name, value]
  body      text, or   json: any value, or   base64: bytes, or   repeat: [text, times], or
            echo: true (what was asked, see below), or   connection: true (the number of the connection and of
            the request in it)
  pad       blanks are put behind the body up to this length, so that what is of varying length does not show
  encoding  gzip | deflate | br-base64: how the body is sent (br-base64: the body is brotli already)
  delay_ms  wait before the answer;  trickle_ms: wait before each of the body's bytes
  close     true: end the connection after the answer
  raw       the whole answer, byte for byte (latin-1), instead of all above;  reset: true ends it by RST

`{PORT}` in header values stands for the server's port. Nothing matching: 404 with the text "no answer".

An echo holds method, target, header names in the order and case of the wire (`order`), headers (lower case,
repeated ones joined by ", ") and body. What differs between clients and runs without meaning is written as a
fixed word, so that an echo's size says something: the host, the client's version, its token, form boundaries.

One thread a connection. Run by itself it prints its port: canned_server.py SERVER.JSON
"""
import base64
import fnmatch
import gzip
import http
import json
import re
import socket
import struct
import sys
import threading
import time
import zlib
from pathlib import Path


def read_request(stream):
    """(method, target, [(name, value)], body) or None at the end of the connection."""
    line = stream.readline()
    if not line.strip():
        return None
    method, target, _ = line.decode("latin-1").split(" ", 2)
    headers = []
    while (line := stream.readline().decode("latin-1").rstrip("\r\n")):
        name, _, value = line.partition(":")
        headers.append((name, value.strip()))
    lower = {name.lower(): value for name, value in headers}
    if lower.get("transfer-encoding", "").lower() == "chunked":
        body = b""
        while (size := int(stream.readline().split(b";")[0], 16)):
            body += stream.read(size)
            stream.readline()
        stream.readline()
    else:
        body = stream.read(int(lower.get("content-length", 0)))
    return method, target, headers, body


def echo(request, port):
    method, target, headers, body = request
    text = body.decode("utf-8", "backslashreplace")
    joined = {}
    for name, value in headers:
        name = name.lower()
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    if joined.get("host", "").endswith(f":{port}"):
        joined["host"] = "HOST"
    if joined.get("user-agent", "").startswith("PostmanRuntime/"):
        joined["user-agent"] = "PostmanRuntime"
    if re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", joined.get("postman-token", "")):
        joined["postman-token"] = "TOKEN"
    boundary = re.search(r"boundary=(.+)", joined.get("content-type", ""))
    if boundary:
        text = text.replace(boundary[1], "BOUNDARY")
        joined["content-type"] = joined["content-type"].replace(boundary[1], "BOUNDARY")
        joined["content-length"] = "LENGTH"
    return {"method": method, "target": target, "order": [name for name, _ in headers], "headers": joined, "body": text}


class CannedServer:
    def __init__(self, entries):
        self.entries = [dict(entry) for entry in entries]
        self.lock = threading.Lock()
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.socket.getsockname()[1]
        self.connections = 0
        threading.Thread(target=self.accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)  # close alone would leave accept() waiting
        self.socket.close()

    def accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.serve, args=(connection, self.connections), daemon=True).start()

    def find(self, method, target):
        with self.lock:
            for entry in self.entries:
                if entry.get("method", method) != method or not fnmatch.fnmatchcase(target, entry["path"]):
                    continue
                if entry.get("times", 1) <= 0:
                    continue
                if "times" in entry:
                    entry["times"] -= 1
                return entry
        return {"status": 404, "headers": [["Content-Type", "text/plain"]], "body": "no answer"}

    def serve(self, connection, number):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection, connection.makefile("rb") as stream:
            try:
                count = 0
                while (request := read_request(stream)):
                    count += 1
                    if not self.answer(connection, request, {"connection": number, "request": count}):
                        break
            except (OSError, ValueError):
                pass

    def answer(self, connection, request, place):
        """Whether the connection goes on."""
        entry = self.find(request[0], request[1])
        time.sleep(entry.get("delay_ms", 0) / 1000)
        if "raw" in entry:
            connection.sendall(entry["raw"].encode("latin-1"))
            if entry.get("reset"):
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return not entry.get("close")
        headers = [(name, value.replace("{PORT}", str(self.port))) for name, value in entry.get("headers", [])]
        if entry.get("echo"):
            body = json.dumps(echo(request, self.port)).encode()
        elif entry.get("connection"):
            body = json.dumps(place).encode()
        elif "repeat" in entry:
            body = (entry["repeat"][0] * entry["repeat"][1]).encode()
        elif "json" in entry:
            body = json.dumps(entry["json"], ensure_ascii=False).encode()
        elif "base64" in entry:
            body = base64.b64decode(entry["base64"])
        else:
            body = entry.get("body", "").encode()
        body = body.ljust(entry.get("pad", 0))
        if {"echo", "json", "connection"} & entry.keys() and not any(name.lower() == "content-type" for name, _ in headers):
            headers.append(("Content-Type", "application/json"))
        encoding = entry.get("encoding")
        if encoding == "gzip":
            body = gzip.compress(body, mtime=0)
        elif encoding == "deflate":
            body = zlib.compress(body)
        if encoding:
            headers.append(("Content-Encoding", encoding.removesuffix("-base64")))
        status = entry.get("status", 200)
        if status >= 200 and status not in (204, 304):
            headers.append(("Content-Length", str(len(body))))
        if entry.get("close"):
            headers.append(("Connection", "close"))
        reason = entry.get("reason", http.HTTPStatus(status).phrase if status in set(http.HTTPStatus) else "Unknown")
        head = "".join([f"HTTP/1.1 {status} {reason}\r\n", *(f"{name}: {value}\r\n" for name, value in headers), "\r\n"])
        if request[0] == "HEAD" or status in (204, 304):
            body = b""
        if "trickle_ms" in entry:
            connection.sendall(head.encode())
            for byte in body:
                time.sleep(entry["trickle_ms"] / 1000)
                connection.sendall(bytes([byte]))
        else:
            connection.sendall(head.encode() + body)
        return not entry.get("close")


if __name__ == "__main__":
    with CannedServer(json.loads(Path(sys.argv[1]).read_text())) as server:
        print(server.port, flush=True)
        threading.Event().wait()

"""Notes in a list of Redis, without a library: its protocol is lines of text."""
import json
import os
import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HOST, PORT = os.environ["REDIS_HOST"], int(os.environ["REDIS_PORT"])


def ask(*words):
    with socket.create_connection((HOST, PORT)) as connection, connection.makefile("rb") as answer:
        parts = [f"${len(word.encode())}\r\n{word}\r\n" for word in words]
        connection.sendall(f"*{len(words)}\r\n{''.join(parts)}".encode())
        first = answer.readline().decode().strip()
        if not first.startswith("*"):
            return first
        items = []
        for _ in range(int(first[1:])):
            size = int(answer.readline()[1:])
            items.append(answer.read(size + 2)[:size].decode())
        return items


class Notes(BaseHTTPRequestHandler):
    def reply(self, status, body):
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self):
        if self.path == "/api/health-check":
            return self.reply(200, {"status": ask("PING")})
        return self.reply(200, {"notes": sorted(ask("LRANGE", "notes", "0", "-1"))})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.reply(201, {"status": ask("RPUSH", "notes", body["text"])})

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("0.0.0.0", 8080), Notes).serve_forever()

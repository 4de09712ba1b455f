"""A server that turns on who asks it: one attack for each mode. `python3 faulty_server.py MODE PORT`.

The health check is answered well; the attack waits on every other path. Standard library only: it runs in the sandbox.
"""
import os
import socket
import sys
import tempfile
import threading
import time
import zlib

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
GOOD = OK + b"Content-Length: 2\r\n\r\n{}"
MEGABYTE = b"x" * (1 << 20)
NAUGHTY = b'{"\\u001b]0;owned\\u0007": 1}'
ESCAPES = "\x1b]0;owned\x07\x1b[31m\x9b31m\u202e\r\nassay: all passed"


def endless(head, piece, pause=0.0):
    def attack(peer):
        peer.sendall(head)
        while True:
            peer.sendall(piece)
            if pause:
                time.sleep(pause)
    return attack


def bomb(coding):
    """A body of about 1 MiB that expands to 256."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 31 if coding == "gzip" else 15)
    packed = b"".join(packer.compress(b"\0" * (1 << 20)) for _ in range(256)) + packer.flush()
    head = OK + f"Content-Encoding: {coding}\r\nContent-Length: {len(packed)}\r\n\r\n".encode()
    return lambda peer: peer.sendall(head + packed)


def once(text):
    return lambda peer: peer.sendall(text)


def sized(body, more=b""):
    return once(OK + more + b"Content-Length: %d\r\n\r\n" % len(body) + body)


def silent(peer):
    time.sleep(3600)


def reset(peer):
    peer.sendall(OK + b"Content-Length: 1000\r\n\r\n{")
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    peer.close()


def flood_log(peer):
    for descriptor in (1, 2):
        for _ in range(200):
            os.write(descriptor, MEGABYTE)
    peer.sendall(GOOD)


def spoil_log(peer):
    os.write(1, ESCAPES.encode() + b"\0\xff\xfe")
    peer.sendall(OK + b"Content-Length: %d\r\n\r\n" % len(NAUGHTY) + NAUGHTY)


def make_traps(peer):
    """Special files wherever it can write: whoever collects them hangs, or reads what is not there to be read."""
    for folder in (os.getcwd(), os.environ["HOME"], tempfile.gettempdir()):
        for name in ("server.log", "results.jsonl", "newman-run-report.csv", "trap"):
            path = f"{folder}/{name}"
            if os.path.lexists(path):
                os.unlink(path)
            os.symlink("/etc/passwd", path)
        if not os.path.exists(f"{folder}/fifo"):
            os.mkfifo(f"{folder}/fifo")
            socket.socket(socket.AF_UNIX).bind(f"{folder}/socket")
        os.makedirs(folder + "/deep" * 200, exist_ok=True)
    peer.sendall(GOOD)


MODES = {
    "no-http": once(b"\x16\x03\x01\0\xa5\1\0\0\xa1\3\3 this is no HTTP at all\r\n\r\n"),
    "no-status": once(b"HTTP/1.1 \r\n\r\n"),
    "header-without-end": endless(OK + b"X-Long: ", MEGABYTE),
    "headers-without-end": endless(OK, b"X-Many: 1\r\n" * 1000),
    "body-without-end": endless(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"100000\r\n" + MEGABYTE + b"\r\n"),
    "body-until-close-without-end": endless(OK + b"\r\n", MEGABYTE),
    "chunk-extension-without-end": endless(OK + b"Transfer-Encoding: chunked\r\n\r\n5;x=", MEGABYTE),
    "length-without-body": once(OK + b"Content-Length: 9223372036854775807\r\n\r\n{"),
    "two-lengths": once(OK + b"Content-Length: 2\r\nContent-Length: 7\r\n\r\n{}"),
    "length-and-chunks": once(OK + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
    "second-answer": once(GOOD + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"),
    "gzip-bomb": None,     # made when they are asked for: a second of work
    "deflate-bomb": None,
    "slow-drip": endless(OK + b"Content-Length: 1000000000\r\n\r\n", b"x", 0.05),
    "slow-headers": endless(b"", b"H", 0.05),
    "informational-without-end": endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
    "redirects-without-end": once(b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n"),
    "redirect-to-the-host": None,  # needs the host's port
    "cookies": once(OK + b"".join(b"Set-Cookie: c%d=%s\r\n" % (i, b"x" * 40) for i in range(150)) +
                    b"Content-Length: 2\r\n\r\n{}"),
    "deep-json": sized(b"[" * 5_000_000),
    "silence": silent,
    "reset": reset,
    "log-flood": flood_log,
    "log-escapes": spoil_log,
    "traps": make_traps,
}


def serve(peer, attack):
    try:
        while True:
            request = b""
            while b"\r\n\r\n" not in request:
                piece = peer.recv(65536)
                if not piece:
                    return
                request += piece
            if b" /health" in request.split(b"\r\n", 1)[0]:
                peer.sendall(GOOD)
            else:
                attack(peer)
    except OSError:
        pass  # the client gave up


def main():
    mode, port = sys.argv[1], int(sys.argv[2])
    attack = MODES[mode]
    if mode.endswith("-bomb"):
        attack = bomb(mode.removesuffix("-bomb"))
    elif mode == "redirect-to-the-host":
        attack = once(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:%s/\r\nContent-Length: 0\r\n\r\n"
                      % sys.argv[3].encode())
    listener = socket.create_server(("0.0.0.0", port), backlog=64)
    while True:
        peer, _ = listener.accept()
        threading.Thread(target=serve, args=(peer, attack), daemon=True).start()


if __name__ == "__main__":
    main()

# What servers begin with, tried out in forks of the template: what is written to soon after a start is all that anybody
# learns from it (template.cc). Nothing of it is kept, and whatever fails here is passed over: the layer may have
# another version of a framework, or none.
#
# Wide rather than typical: an object more that is said to be written to costs its own bytes, one too few a page.

import os
import signal
import socket
import sys
import threading
import time

THOROUGH = sys.argv[1:] == ["thorough"]
FOLDER = os.environ.get("TMPDIR", "/tmp") + "/assay-trial"


def write(modules):
    os.makedirs(FOLDER + "/trialled", exist_ok=True)
    for name, source in modules.items():
        with open(f"{FOLDER}/trialled/{name}.py", "w") as file:
            file.write(source)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def request(port, line, body=""):
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(
            f"{line} HTTP/1.1\r\nHost: conduit:8080\r\nAccept: */*\r\nAuthorization: Token x\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode()
        )
        while connection.recv(65536):
            pass


def serve(run):
    """`run(port)` on a thread of its own, where it stays; the requests come as soon as it listens."""
    port = free_port()
    threading.Thread(target=run, args=(port,), daemon=True).start()
    for _ in range(1000):
        try:
            request(port, "GET /api/trial?limit=5")
            break
        except OSError:
            time.sleep(0.005)
    if not THOROUGH:
        return
    request(port, "POST /api/things", '{"thing": {"title": "a"}, "slug": "a"}')
    request(port, "PUT /api/things/a", '{"thing": {"made": "a"}}')
    request(port, "GET /api/things?limit=5")
    request(port, "GET /nowhere")


def plain():
    from trialled import things

    things.start()


def sqlalchemy():
    import asyncio

    from trialled import tables

    tables.try_out(FOLDER + "/trial.db", THOROUGH)
    if THOROUGH:
        asyncio.run(tables.try_out_async(FOLDER + "/trial2.db"))


def flask():
    from trialled import flasked

    app = flasked.make()
    serve(lambda port: app.run(host="0.0.0.0", port=port, threaded=True))


def fastapi():
    from uvicorn.main import main

    serve(lambda port: main(["trialled.fast:app", "--host", "0.0.0.0", "--port", str(port)], standalone_mode=False))


def aiohttp():
    from aiohttp import web

    from trialled import served

    serve(lambda port: web.run_app(served.make(), host="0.0.0.0", port=port, handle_signals=False))


def django():
    from django.core.management import execute_from_command_line

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trialled.settings")
    if THOROUGH:
        execute_from_command_line(["manage.py", "makemigrations", "trialled"])
    execute_from_command_line(["manage.py", "migrate", "--noinput"])
    serve(lambda port: execute_from_command_line(["manage.py", "runserver", f"0.0.0.0:{port}", "--noreload"]))


write({"__init__": ""} | MODULES)  # noqa: F821: images/warm/trial.cmake puts trial/*.py there
sys.path.insert(0, FOLDER)
for trial in (plain, flask, sqlalchemy, fastapi, aiohttp, django):
    try:
        trial()
    except Exception:
        pass
os.kill(os.getpid(), signal.SIGSTOP)  # template.cc looks at the memory now, and ends this

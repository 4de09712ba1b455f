# What servers begin with, tried out in a fork of the template: which of its pages are written to soon after a start is
# all that anybody learns from it (template.cc, try_out). Nothing of it is kept, and whatever fails here is passed over.

import os
import signal
import socket
import sys
import threading

REQUEST = b"GET /api/trial HTTP/1.1\r\nHost: conduit:8080\r\nAccept: */*\r\nConnection: close\r\n\r\n"
SOURCE = """
import dataclasses, datetime, json, os, re, sqlite3, uuid
from typing import Any, Optional

TABLE = "CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, made TEXT NOT NULL DEFAULT '')"

class Failure(Exception):
    def __init__(self, messages: list[str], status: int = 422) -> None:
        super().__init__(", ".join(messages))
        self.messages = messages
        self.status = status

@dataclasses.dataclass(frozen=True)
class Thing:
    id: int
    name: str
    made: Optional[str] = None

def find(connection, **wanted: Any) -> list[Thing]:
    clauses = " AND ".join(f"{key} = ?" for key in wanted)
    rows = connection.execute(f"SELECT id, name FROM things WHERE {clauses or 1}", list(wanted.values()))
    return sorted((Thing(row["id"], row["name"]) for row in rows), key=lambda thing: thing.name)

def first() -> str:
    connection = sqlite3.connect(":memory:")
    connection.row_factory = sqlite3.Row
    with connection:
        connection.execute(TABLE)
        connection.execute("INSERT INTO things (name, made) VALUES (?, ?)", ("a", datetime.datetime.utcnow().isoformat()))
    found = find(connection, name="a")
    connection.close()
    try:
        raise Failure(["is missing"])
    except Failure as failure:
        return json.dumps({"things": [dataclasses.asdict(each) for each in found], "errors": failure.messages,
                           "id": str(uuid.uuid4()), "slug": re.sub(r"[^a-z0-9]+", "-", "A title".lower())})
"""


def fetch(port):
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(REQUEST)
        while connection.recv(65536):
            pass


def served(make):
    """One request to the server that `make` gives, on a thread of its own as a submission's is on the main one."""
    server = make()
    client = threading.Thread(target=fetch, args=(server.server_address[1],), daemon=True)
    client.start()
    server.handle_request()
    client.join(5)


def modules():
    folder = os.environ.get("TMPDIR", "/tmp") + "/assay-trial"
    os.makedirs(folder + "/trialled", exist_ok=True)
    for name in ("__init__", "things", "others"):
        with open(f"{folder}/trialled/{name}.py", "w") as file:
            file.write("" if name == "__init__" else SOURCE)
    sys.path.insert(0, folder)
    from trialled import others, things

    things.first(), others.first()


def flask():
    import flask
    from werkzeug.exceptions import HTTPException
    from werkzeug.serving import make_server

    app = flask.Flask("trialled")
    routes = flask.Blueprint("routes", "trialled")
    routes.route("/trial", endpoint="trial")(lambda: flask.jsonify({"status": "ok"}))
    routes.route("/trial/<slug>", methods=["POST", "PUT"], endpoint="change")(lambda slug: ("", 204))
    app.register_blueprint(routes, url_prefix="/api")
    app.register_error_handler(HTTPException, lambda error: ({"errors": error.name}, error.code))
    served(lambda: make_server("127.0.0.1", 0, app, threaded=False))


def sqlalchemy():
    from sqlalchemy import ForeignKey, String, create_engine, select
    from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

    class Base(DeclarativeBase):
        pass

    class Owner(Base):
        __tablename__ = "owners"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str] = mapped_column(String(80), unique=True)
        things: Mapped[list["Thing"]] = relationship(back_populates="owner")

    class Thing(Base):
        __tablename__ = "things"
        id: Mapped[int] = mapped_column(primary_key=True)
        owner_id: Mapped[int] = mapped_column(ForeignKey("owners.id"))
        owner: Mapped[Owner] = relationship(back_populates="things")

    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.execute(select(Owner).where(Owner.name == "a")).all()


def django():
    import django
    from django.conf import settings
    from django.http import JsonResponse

    settings.configure(
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF="trialled.urls",
        USE_TZ=True,
        USE_I18N=False,
        MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        INSTALLED_APPS=["trialled"],
    )
    django.setup()
    from django.core.management import call_command, get_commands
    from django.db import connection, models
    from django.urls import path

    urls = type(sys)("trialled.urls")
    urls.urlpatterns = [path("api/trial", lambda request: JsonResponse({"status": "ok"}))]
    sys.modules["trialled.urls"] = urls

    class Owner(models.Model):
        name = models.CharField(max_length=80, unique=True)

        class Meta:
            app_label = "trialled"

    class Thing(models.Model):
        owner = models.ForeignKey(Owner, on_delete=models.CASCADE, related_name="things")
        fans = models.ManyToManyField(Owner, related_name="liked")
        made = models.DateTimeField(auto_now_add=True)

        class Meta:
            app_label = "trialled"

    get_commands()
    call_command("migrate", verbosity=1, interactive=False)
    with connection.schema_editor() as editor:
        editor.create_model(Owner)
        editor.create_model(Thing)
    list(Thing.objects.filter(owner__name="a"))
    from django.core.servers.basehttp import WSGIRequestHandler, WSGIServer
    from django.core.wsgi import get_wsgi_application

    def make():
        server = WSGIServer(("127.0.0.1", 0), WSGIRequestHandler)
        server.set_app(get_wsgi_application())
        return server

    served(make)


def fastapi():
    import asyncio
    from contextlib import asynccontextmanager

    import uvicorn
    from fastapi import Depends, FastAPI
    from pydantic import BaseModel

    class Thing(BaseModel):
        name: str
        made: int | None = None

    @asynccontextmanager
    async def lifespan(app):
        yield

    app = FastAPI(lifespan=lifespan)
    app.get("/api/trial")(lambda: {"status": "ok"})

    async def make(thing: Thing, size: int = 20) -> Thing:
        return thing

    app.post("/api/things/{slug}", response_model=Thing, status_code=201)(make)
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=listener.getsockname()[1]))
    server.install_signal_handlers = lambda: None

    def ask():
        fetch(listener.getsockname()[1])
        server.should_exit = True

    client = threading.Thread(target=ask, daemon=True)
    client.start()
    asyncio.run(server.serve(sockets=[listener]))


def aiohttp():
    import asyncio

    from aiohttp import web

    async def answer(request):
        return web.json_response({"status": "ok"})

    async def serve():
        app = web.Application()
        app.router.add_get("/api/trial", answer)
        app.router.add_post("/api/things/{slug}", answer)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        await asyncio.to_thread(fetch, runner.addresses[0][1])
        await runner.cleanup()

    asyncio.run(serve())


for trial in (modules, flask, sqlalchemy, fastapi, aiohttp, django):
    try:
        trial()
    except Exception:  # the layer has no such framework, or another version of it
        pass
os.kill(os.getpid(), signal.SIGSTOP)  # template.cc looks at the pages now, and ends this

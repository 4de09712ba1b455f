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

PLAIN = '''
import abc, argparse, base64, contextlib, contextvars, dataclasses, datetime, enum, functools, hashlib, hmac, json, logging
import os, pathlib, re, secrets, sqlite3, string, threading, typing, uuid
from collections import defaultdict, namedtuple
from typing import Any, Callable, Generic, NamedTuple, Optional, Protocol, TypedDict, TypeVar

TABLE = "CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, made TEXT NOT NULL DEFAULT '')"
SLUG = re.compile(r"[^a-z0-9]+")
EMAIL = re.compile(r"^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$")
T = TypeVar("T")
log = logging.getLogger(__name__)

class Failure(Exception):
    def __init__(self, messages: list[str], status: int = 422) -> None:
        super().__init__(", ".join(messages))
        self.messages = messages
        self.status = status

class Missing(Failure):
    pass

class Kind(enum.Enum):
    ONE = "one"
    TWO = "two"

@dataclasses.dataclass
class Thing:
    id: int
    name: str
    made: Optional[str] = None
    tags: list[str] = dataclasses.field(default_factory=list)

@dataclasses.dataclass(frozen=True)
class Kept:
    key: str
    value: dict[str, Any]

class Point(NamedTuple):
    x: int
    y: int = 0

class Shape(TypedDict, total=False):
    name: str

class Finds(Protocol):
    def find(self, name: str) -> Optional[Thing]: ...

class Repository(abc.ABC):
    @abc.abstractmethod
    def find(self, connection, **wanted: Any) -> list[Thing]: ...

class Things(Repository, Generic[T]):
    lock = threading.RLock()

    def find(self, connection, **wanted: Any) -> list[Thing]:
        clauses = " AND ".join(f"{key} = ?" for key in wanted)
        rows = connection.execute(f"SELECT id, name FROM things WHERE {clauses or 1}", list(wanted.values()))
        return sorted((Thing(row["id"], row["name"]) for row in rows), key=lambda thing: thing.name)

    @property
    def size(self) -> int:
        return 0

    @staticmethod
    def same(value: T) -> T:
        return value

    @classmethod
    def make(cls):
        return cls()

def counted(function: Callable) -> Callable:
    @functools.wraps(function)
    def inner(*args, **kwargs):
        return function(*args, **kwargs)
    return inner

@contextlib.contextmanager
def connected(path):
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    try:
        yield connection
        connection.commit()
    finally:
        connection.close()

def token(claims: dict) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims, separators=(",", ":")).encode()).rstrip(b"=")
    signed = hmac.new(b"secret", body, hashlib.sha256).digest()
    return body.decode() + "." + base64.urlsafe_b64encode(signed).decode()

@functools.lru_cache(maxsize=None)
def slug(title: str) -> str:
    return SLUG.sub("-", title.lower()).strip("-") + "-" + secrets.token_hex(3)

@counted
def first(path=":memory:") -> str:
    with connected(path) as connection:
        connection.executescript("PRAGMA foreign_keys = ON; DROP TABLE IF EXISTS things;" + TABLE)
        connection.execute("INSERT INTO things (name, made) VALUES (?, ?)", ("a", datetime.datetime.utcnow().isoformat()))
        found = Things.make().find(connection, name="a")
        try:
            connection.execute("INSERT INTO things (name) VALUES (?)", ("a",))
        except sqlite3.IntegrityError as error:
            log.warning("twice: %s", error)
    now = datetime.datetime.now(datetime.timezone.utc)
    grouped = defaultdict(list)
    for thing in found:
        grouped[thing.name].append(dataclasses.asdict(thing))
    try:
        if not EMAIL.match("a@b"):
            raise Missing(["is missing"])
    except Failure as failure:
        return json.dumps({"things": grouped, "errors": failure.messages, "id": str(uuid.uuid4()), "slug": slug("A title"),
                           "made": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"), "kind": Kind.ONE.value,
                           "until": (now + datetime.timedelta(days=1)).timestamp(), "token": token({"sub": 1})})

def start():
    logging.basicConfig(level=logging.INFO)
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", "8080")))
    parser.parse_args([])
    here = pathlib.Path(__file__).resolve().parent
    first(str(here / "things.db"))
    (here / "things.db").unlink()
    return first()
'''

FLASK = '''
from flask import Blueprint, Flask, g, jsonify, request
from werkzeug.exceptions import HTTPException
from werkzeug.security import check_password_hash, generate_password_hash

from . import things

routes = Blueprint("routes", __name__)

@routes.get("/trial")
def trial():
    g.user = request.headers.get("Authorization", "")
    return jsonify({"status": "ok", "limit": request.args.get("limit", 20, type=int)})

@routes.post("/things")
def create():
    given = request.get_json(silent=True) or {}
    return jsonify({"thing": given}), 201

@routes.put("/things/<slug>")
@routes.delete("/things/<slug>/fans/<int:number>")
def change(slug, number=0):
    raise things.Missing(["is missing"])

def make():
    app = Flask(__name__)
    app.config["SECRET_KEY"] = "secret"
    app.json.sort_keys = False
    app.register_blueprint(routes, url_prefix="/api")
    app.before_request(lambda: None)
    app.teardown_appcontext(lambda error: None)

    @app.errorhandler(things.Failure)
    def failed(error):
        return jsonify({"errors": {"body": error.messages}}), error.status

    @app.errorhandler(HTTPException)
    def refused(error):
        return jsonify({"errors": error.name}), error.code

    check_password_hash(generate_password_hash("a", method="pbkdf2:sha256:1"), "a")
    return app
'''

FASTAPI = '''
from contextlib import asynccontextmanager
from typing import Annotated, Any, Optional

from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, Query, Request, Response, status
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, field_validator
from starlette.exceptions import HTTPException as StarletteHTTPException

from . import things

class Author(BaseModel):
    model_config = ConfigDict(from_attributes=True, populate_by_name=True)
    username: str = Field(min_length=1, max_length=80)
    bio: Optional[str] = None
    image: str | None = None

class Thing(BaseModel):
    title: str
    made: int | None = None
    tagList: list[str] = Field(default_factory=list)
    more: dict[str, Any] = {}
    author: Author | None = None

    @field_validator("title")
    @classmethod
    def not_empty(cls, value: str) -> str:
        return value.strip()

class ThingBody(BaseModel):
    thing: Thing

class Page(BaseModel):
    things: list[Thing]
    count: int

router = APIRouter(prefix="/things", tags=["things"])

async def session():
    yield {}

def user(authorization: Annotated[str | None, Header()] = None) -> str | None:
    return authorization

User = Annotated[str | None, Depends(user)]

@router.get("", response_model=Page)
async def listed(who: User, tag: str | None = None, limit: int = Query(20, ge=1, le=100), offset: int = 0, db=Depends(session)):
    return {"things": [Thing(title="a", author=Author(username="b"))], "count": 1}

@router.post("", response_model=ThingBody, status_code=status.HTTP_201_CREATED)
async def create(body: ThingBody, who: User, db: Annotated[dict, Depends(session)]):
    return body

@router.put("/{slug}")
def change(slug: str, body: ThingBody, who: User = None) -> ThingBody:
    raise HTTPException(status_code=404, detail="missing")

@router.delete("/{slug}", status_code=204)
async def remove(slug: str, who: User = None):
    return Response(status_code=204)

@asynccontextmanager
async def lifespan(app):
    yield

def make():
    app = FastAPI(title="trial", lifespan=lifespan)
    app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"])
    app.include_router(router, prefix="/api")

    @app.exception_handler(things.Failure)
    async def failed(request: Request, error: things.Failure):
        return JSONResponse(status_code=error.status, content={"errors": error.messages})

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError):
        return JSONResponse(status_code=422, content={"errors": [str(one["loc"]) for one in error.errors()]})

    @app.exception_handler(StarletteHTTPException)
    async def refused(request: Request, error: StarletteHTTPException):
        return JSONResponse(status_code=error.status_code, content={"errors": error.detail})

    @app.get("/api/trial")
    async def trial():
        return {"status": "ok"}

    return app

app = make()
'''

AIOHTTP = '''
from aiohttp import web

from . import things

routes = web.RouteTableDef()

@routes.get("/api/trial")
async def trial(request):
    return web.json_response({"status": "ok", "limit": int(request.query.get("limit", "20"))})

@routes.post("/api/things")
async def create(request):
    return web.json_response({"thing": await request.json()}, status=201)

@routes.put("/api/things/{slug}")
@routes.delete("/api/things/{slug}")
async def change(request):
    raise things.Missing([request.match_info["slug"]])

@web.middleware
async def errors(request, handler):
    try:
        return await handler(request)
    except things.Failure as failure:
        return web.json_response({"errors": failure.messages}, status=failure.status)
    except web.HTTPException as error:
        return web.json_response({"errors": error.reason}, status=error.status)

async def started(app):
    app["store"] = {}

def make():
    app = web.Application(middlewares=[errors])
    app.add_routes(routes)
    app.router.add_get("/api/more/{name}", trial)
    app.on_startup.append(started)
    app.on_cleanup.append(started)
    return app
'''

SQLALCHEMY = '''
import datetime
from typing import Optional

from sqlalchemy import (Boolean, Column, DateTime, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint, create_engine,
                        delete, exists, func, or_, select, update)
from sqlalchemy.orm import (DeclarativeBase, Mapped, declarative_base, joinedload, mapped_column, relationship, scoped_session,
                            selectinload, sessionmaker)

class Base(DeclarativeBase):
    pass

tagged = Table("tagged", Base.metadata, Column("thing_id", ForeignKey("things.id", ondelete="CASCADE"), primary_key=True),
               Column("tag_id", ForeignKey("tags.id"), primary_key=True))

class Owner(Base):
    __tablename__ = "owners"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True, index=True, nullable=False)
    bio: Mapped[Optional[str]] = mapped_column(Text, default=None)
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    things: Mapped[list["Thing"]] = relationship(back_populates="owner", cascade="all, delete-orphan")

class Thing(Base):
    __tablename__ = "things"
    __table_args__ = (UniqueConstraint("title", "owner_id"), Index("by_made", "made"))
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    made: Mapped[datetime.datetime] = mapped_column(DateTime, default=datetime.datetime.utcnow, server_default=func.now())
    owner_id: Mapped[int] = mapped_column(ForeignKey("owners.id", ondelete="CASCADE"))
    owner: Mapped[Owner] = relationship(back_populates="things", lazy="joined")
    tags: Mapped[list["Tag"]] = relationship(secondary=tagged, back_populates="things", lazy="selectin")

class Tag(Base):
    __tablename__ = "tags"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    things: Mapped[list[Thing]] = relationship(secondary=tagged, back_populates="tags")

Older = declarative_base()

class Old(Older):
    __tablename__ = "olds"
    id = Column(Integer, primary_key=True)
    name = Column(String(80), unique=True, nullable=False)
    made = Column(DateTime, default=datetime.datetime.utcnow)

def use(session):
    owner = Owner(name="a")
    session.add(owner)
    session.flush()
    session.add(Thing(title="b", owner=owner, tags=[Tag(name="c")]))
    session.commit()
    found = session.scalars(select(Thing).join(Thing.owner).where(Owner.name == "a", or_(Thing.title.like("b%"), Thing.id.in_([1])))
                            .options(selectinload(Thing.tags), joinedload(Thing.owner)).order_by(Thing.made.desc()).limit(20)
                            .offset(0)).unique().all()
    session.scalar(select(func.count()).select_from(Thing).where(exists().where(Tag.name == "c")))
    session.execute(update(Owner).where(Owner.id == owner.id).values(bio="d"))
    session.execute(delete(Tag).where(Tag.name == "e"))
    session.query(Thing).filter_by(title="b").first()
    session.rollback()
    return [thing.owner.name for thing in found]

def try_out(path, thorough):
    engine = create_engine("sqlite:///" + path, future=True, connect_args={"check_same_thread": False})
    Base.metadata.create_all(engine)
    if not thorough:
        return
    Older.metadata.create_all(bind=engine)
    with sessionmaker(engine, expire_on_commit=False)() as session:
        use(session)
    scoped_session(sessionmaker(bind=engine, autoflush=False)).remove()
    Base.metadata.drop_all(engine)
    engine.dispose()

async def try_out_async(path):
    from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

    engine = create_async_engine("sqlite+aiosqlite:///" + path)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with async_sessionmaker(engine, class_=AsyncSession, expire_on_commit=False)() as session:
        session.add(Owner(name="a"))
        await session.commit()
        (await session.execute(select(Owner).where(Owner.name == "a"))).scalar_one_or_none()
    await engine.dispose()
'''

DJANGO = {
    "settings": '''
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent
SECRET_KEY = "secret"
DEBUG = False
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "trialled.urls"
APPEND_SLASH = False
USE_TZ = True
INSTALLED_APPS = ["trialled"]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db.sqlite3"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
''',
    "models": '''
from django.db import models

class Owner(models.Model):
    name = models.CharField(max_length=80, unique=True)
    email = models.EmailField(unique=True)
    bio = models.TextField(blank=True, null=True, default="")
    active = models.BooleanField(default=True)
    follows = models.ManyToManyField("self", symmetrical=False, related_name="followers")

class Tag(models.Model):
    name = models.CharField(max_length=80, unique=True)

    def __str__(self):
        return self.name

class Thing(models.Model):
    slug = models.SlugField(max_length=200, unique=True, db_index=True)
    owner = models.ForeignKey(Owner, on_delete=models.CASCADE, related_name="things")
    tags = models.ManyToManyField(Tag, related_name="things", blank=True)
    fans = models.ManyToManyField(Owner, related_name="liked")
    made = models.DateTimeField(auto_now_add=True)
    changed = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-made", "id"]
''',
    "urls": '''
import json

from django.http import HttpResponse, JsonResponse
from django.urls import include, path, re_path
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from .models import Owner, Thing

class ThingsView(View):
    def get(self, request, slug=None):
        found = Thing.objects.select_related("owner").prefetch_related("tags").filter(owner__name="a").order_by("-made")[:20]
        return JsonResponse({"things": [thing.slug for thing in found], "limit": int(request.GET.get("limit", "20"))})

    def post(self, request):
        owner, _ = Owner.objects.get_or_create(name="a", defaults={"email": "a@b.c"})
        thing = Thing.objects.create(slug=json.loads(request.body or "{}").get("slug", "b"), owner=owner)
        return JsonResponse({"thing": thing.slug, "made": thing.made.isoformat()}, status=201)

@require_http_methods(["GET"])
def trial(request):
    return JsonResponse({"status": "ok", "user": request.headers.get("Authorization", "")})

more = [path("", csrf_exempt(ThingsView.as_view())), path("/<slug:slug>", ThingsView.as_view(), name="thing")]
urlpatterns = [path("api/trial", trial), path("api/things", include(more)), re_path(r"^api/tags/?$", lambda request: HttpResponse())]
''',
}

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


write({"__init__": "", "things": PLAIN, "flasked": FLASK, "fast": FASTAPI, "served": AIOHTTP, "tables": SQLALCHEMY} | DJANGO)
sys.path.insert(0, FOLDER)
for trial in (plain, flask, sqlalchemy, fastapi, aiohttp, django):
    try:
        trial()
    except Exception:
        pass
os.kill(os.getpid(), signal.SIGSTOP)  # template.cc looks at the memory now, and ends this

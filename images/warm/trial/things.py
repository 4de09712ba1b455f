import abc, argparse, base64, contextlib, contextvars, dataclasses, datetime, enum, functools, hashlib, hmac, json, logging
import os, pathlib, re, secrets, sqlite3, string, threading, typing, uuid
from collections import defaultdict, namedtuple
from typing import Any, Callable, Generic, NamedTuple, Optional, Protocol, TypedDict, TypeVar

TABLE = "CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, made TEXT NOT NULL DEFAULT '')"
SLUG = re.compile(r"[^a-z0-9]+")
EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
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

from functools import wraps

from flask import g, request
from repositories.database import SessionLocal
from sqlalchemy.orm import Session

from services.article_service import ArticleService
from services.comment_service import CommentService
from services.errors import UnauthorizedError, ValidationError
from services.user_service import UserService


def get_session() -> Session:
    """The database session of this request; `close_session` ends it."""
    if "session" not in g:
        g.session = SessionLocal()
    return g.session


def close_session(_: BaseException | None) -> None:
    session = g.pop("session", None)
    if session is not None:
        session.close()


def users() -> UserService:
    return UserService(get_session())


def articles() -> ArticleService:
    return ArticleService(get_session())


def comments() -> CommentService:
    return CommentService(get_session())


def login_optional(view):
    @wraps(view)
    def wrapper(*args, **kwargs):
        g.user = users().authenticate(request.headers.get("Authorization"))
        return view(*args, **kwargs)

    return wrapper


def login_required(view):
    @wraps(view)
    @login_optional
    def wrapper(*args, **kwargs):
        if g.user is None:
            raise UnauthorizedError("authentication required")
        return view(*args, **kwargs)

    return wrapper


def read_body(key: str) -> dict:
    """Return the object wrapped in the JSON request body under the given key."""
    payload = request.get_json(silent=True, force=True)
    if not isinstance(payload, dict) or not isinstance(payload.get(key), dict):
        raise ValidationError(f"{key} is required")
    return payload[key]


def int_param(name: str, default: int, minimum: int) -> int:
    raw = request.args.get(name)
    if raw is None:
        return default
    if not raw.isascii() or not raw.isdigit() or int(raw) < minimum:
        raise ValidationError(f"{name} must be an integer of at least {minimum}")
    return int(raw)


def paging() -> dict[str, int]:
    return {"limit": int_param("limit", 20, 1), "offset": int_param("offset", 0, 0)}

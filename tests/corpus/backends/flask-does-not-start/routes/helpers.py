from functools import wraps

from flask import g, request

from models.user import User
from services import user_service
from services.errors import UnauthorizedError, ValidationError


def current_user() -> User | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme not in ("Token", "Bearer") or not token:
        return None
    return user_service.authenticate(token.strip())


def login_required(view):
    @wraps(view)
    def wrapper(*args, **kwargs):
        g.user = current_user()
        if g.user is None:
            raise UnauthorizedError("authentication required")
        return view(*args, **kwargs)

    return wrapper


def login_optional(view):
    @wraps(view)
    def wrapper(*args, **kwargs):
        g.user = current_user()
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

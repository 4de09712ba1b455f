import json

from aiohttp import web

from services.errors import ValidationError


async def read_object(request: web.Request, key: str) -> dict:
    try:
        payload = await request.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise ValidationError("request body is not valid JSON") from None
    if not isinstance(payload, dict) or not isinstance(payload.get(key), dict):
        raise ValidationError(f"{key} is required")
    return payload[key]


def int_query(request: web.Request, name: str, default: int, minimum: int) -> int:
    try:
        value = int(request.query.get(name, default))
    except ValueError:
        raise ValidationError(f"{name} must be an integer") from None
    if value < minimum:
        raise ValidationError(f"{name} must be at least {minimum}")
    return value


def paging(request: web.Request) -> dict[str, int]:
    return {
        "limit": int_query(request, "limit", 20, 1),
        "offset": int_query(request, "offset", 0, 0),
    }

import json

from aiohttp import web

from conduit.errors import ApiError


async def read_object(request: web.Request, key: str) -> dict:
    try:
        payload = await request.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise ApiError(422, "request body is not valid JSON") from None
    if not isinstance(payload, dict) or not isinstance(payload.get(key), dict):
        raise ApiError(422, f"{key} is required")
    return payload[key]


def required(data: dict, *names: str) -> list[str]:
    missing = [
        f"{name} can't be blank"
        for name in names
        if not isinstance(data.get(name), str) or not data[name].strip()
    ]
    if missing:
        raise ApiError(422, *missing)
    return [data[name] for name in names]


def optional(data: dict, *names: str) -> dict[str, str]:
    """Pick the given fields that are present and not null."""
    picked = {name: data[name] for name in names if data.get(name) is not None}
    wrong = [f"{name} must be a string" for name, value in picked.items() if type(value) is not str]
    if wrong:
        raise ApiError(422, *wrong)
    return picked


def int_query(request: web.Request, name: str, default: int, minimum: int) -> int:
    try:
        value = int(request.query.get(name, default))
    except ValueError:
        raise ApiError(422, f"{name} must be an integer") from None
    if value < minimum:
        raise ApiError(422, f"{name} must be at least {minimum}")
    return value

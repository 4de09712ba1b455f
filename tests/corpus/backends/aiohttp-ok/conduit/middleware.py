import functools
import logging

from aiohttp import web

from conduit.errors import ApiError
from conduit.security import parse_token
from conduit.store import STORE, User

logger = logging.getLogger(__name__)

USER = "user"


def error_response(status: int, messages: list[str]) -> web.Response:
    return web.json_response({"errors": {"body": messages}}, status=status)


@web.middleware
async def error_middleware(request: web.Request, handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except ApiError as error:
        return error_response(error.status, error.messages)
    except web.HTTPException as error:
        return error_response(error.status, [error.reason])
    except Exception:
        logger.exception("unhandled error in %s %s", request.method, request.path)
        return error_response(500, ["internal server error"])


@web.middleware
async def auth_middleware(request: web.Request, handler) -> web.StreamResponse:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    request[USER] = None
    if scheme == "Token":
        user_id = parse_token(token.strip())
        request[USER] = request.app[STORE].users.get(user_id)
    return await handler(request)


def current_user(request: web.Request) -> User | None:
    return request[USER]


def login_required(handler):
    @functools.wraps(handler)
    async def wrapper(request: web.Request) -> web.StreamResponse:
        if request[USER] is None:
            raise ApiError(401, "authentication required")
        return await handler(request)

    return wrapper

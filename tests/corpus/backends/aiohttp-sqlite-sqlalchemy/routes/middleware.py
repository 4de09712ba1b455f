import functools
import logging

from aiohttp import web
from repositories.database import SESSIONS

from models import User
from services.errors import ServiceError, UnauthorizedError
from services.user_service import UserService

logger = logging.getLogger(__name__)

SESSION = "session"
USER = "user"


def error_response(status: int, messages: list[str]) -> web.Response:
    return web.json_response({"errors": {"body": messages}}, status=status)


@web.middleware
async def error_middleware(request: web.Request, handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except ServiceError as error:
        return error_response(error.status, error.messages)
    except web.HTTPException as error:
        return error_response(error.status, [error.reason])
    except Exception:
        logger.exception("unhandled error in %s %s", request.method, request.path)
        return error_response(500, ["internal server error"])


@web.middleware
async def session_middleware(request: web.Request, handler) -> web.StreamResponse:
    """One database session for each request."""
    async with request.app[SESSIONS]() as session:
        request[SESSION] = session
        return await handler(request)


@web.middleware
async def auth_middleware(request: web.Request, handler) -> web.StreamResponse:
    users = UserService(request[SESSION])
    request[USER] = await users.authenticate(request.headers.get("Authorization"))
    return await handler(request)


def current_user(request: web.Request) -> User | None:
    return request[USER]


def login_required(handler):
    @functools.wraps(handler)
    async def wrapper(request: web.Request) -> web.StreamResponse:
        if request[USER] is None:
            raise UnauthorizedError("authentication required")
        return await handler(request)

    return wrapper

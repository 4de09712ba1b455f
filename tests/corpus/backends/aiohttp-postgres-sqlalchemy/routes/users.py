from aiohttp import web

from models import User
from routes.middleware import SESSION, current_user, login_required
from routes.parsing import read_object
from routes.serializers import user_json
from services.user_service import UserService

routes = web.RouteTableDef()


def user_response(users: UserService, user: User, status: int = 200) -> web.Response:
    return web.json_response({"user": user_json(user, users.token_for(user))}, status=status)


@routes.post("/api/users")
async def register(request: web.Request) -> web.Response:
    users = UserService(request[SESSION])
    return user_response(users, await users.register(await read_object(request, "user")), 201)


@routes.post("/api/users/login")
async def login(request: web.Request) -> web.Response:
    users = UserService(request[SESSION])
    return user_response(users, await users.login(await read_object(request, "user")))


@routes.get("/api/user")
@login_required
async def get_current_user(request: web.Request) -> web.Response:
    return user_response(UserService(request[SESSION]), current_user(request))


@routes.put("/api/user")
@login_required
async def update_current_user(request: web.Request) -> web.Response:
    users = UserService(request[SESSION])
    data = await read_object(request, "user")
    return user_response(users, await users.update(current_user(request), data))

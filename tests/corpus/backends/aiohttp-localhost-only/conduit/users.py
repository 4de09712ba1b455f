from aiohttp import web

from conduit.errors import ApiError
from conduit.middleware import current_user, login_required
from conduit.parsing import optional, read_object, required
from conduit.security import check_password, hash_password
from conduit.serializers import user_to_dict
from conduit.store import STORE, Store, User

routes = web.RouteTableDef()


def user_response(user: User, status: int = 200) -> web.Response:
    return web.json_response({"user": user_to_dict(user)}, status=status)


def ensure_unique(store: Store, data: dict[str, str], user: User | None = None) -> None:
    messages = []
    same_name = store.user_by_username(data.get("username", ""))
    if same_name is not None and same_name is not user:
        messages.append("username has already been taken")
    same_email = store.user_by_email(data.get("email", ""))
    if same_email is not None and same_email is not user:
        messages.append("email has already been taken")
    if messages:
        raise ApiError(422, *messages)


@routes.post("/api/users")
async def register(request: web.Request) -> web.Response:
    data = await read_object(request, "user")
    username, email, password = required(data, "username", "email", "password")
    store = request.app[STORE]
    ensure_unique(store, {"username": username, "email": email})
    return user_response(store.add_user(username, email, hash_password(password)), 201)


@routes.post("/api/users/login")
async def login(request: web.Request) -> web.Response:
    data = await read_object(request, "user")
    email, password = required(data, "email", "password")
    user = request.app[STORE].user_by_email(email)
    if user is None or not check_password(password, user.password_hash):
        raise ApiError(401, "email or password is invalid")
    return user_response(user)


@routes.get("/api/user")
@login_required
async def get_current_user(request: web.Request) -> web.Response:
    return user_response(current_user(request))


@routes.put("/api/user")
@login_required
async def update_current_user(request: web.Request) -> web.Response:
    data = await read_object(request, "user")
    user = current_user(request)
    required(data, *(name for name in ("username", "email", "password") if name in data))
    changes = optional(data, "username", "email", "bio", "image")
    ensure_unique(request.app[STORE], changes, user)
    for name, value in changes.items():
        setattr(user, name, value)
    if "password" in data:
        user.password_hash = hash_password(data["password"])
    return user_response(user)

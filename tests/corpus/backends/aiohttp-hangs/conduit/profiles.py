from aiohttp import web

from conduit.errors import not_found
from conduit.middleware import current_user, login_required
from conduit.serializers import profile_to_dict
from conduit.store import STORE, User

routes = web.RouteTableDef()


def find_profile(request: web.Request) -> User:
    user = request.app[STORE].user_by_username(request.match_info["username"])
    if user is None:
        raise not_found("profile")
    return user


def profile_response(request: web.Request, user: User) -> web.Response:
    return web.json_response({"profile": profile_to_dict(user, current_user(request))})


@routes.get("/api/profiles/{username}")
async def get_profile(request: web.Request) -> web.Response:
    return profile_response(request, find_profile(request))


@routes.post("/api/profiles/{username}/follow")
@login_required
async def follow(request: web.Request) -> web.Response:
    target = find_profile(request)
    current_user(request).following.add(target.id)
    return profile_response(request, target)


@routes.delete("/api/profiles/{username}/follow")
@login_required
async def unfollow(request: web.Request) -> web.Response:
    target = find_profile(request)
    current_user(request).following.discard(target.id)
    return profile_response(request, target)

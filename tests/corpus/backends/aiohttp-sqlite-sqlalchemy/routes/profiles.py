from aiohttp import web

from routes.middleware import SESSION, current_user, login_required
from routes.serializers import profile_json
from services.user_service import UserService

routes = web.RouteTableDef()


@routes.get("/api/profiles/{username}")
async def get_profile(request: web.Request) -> web.Response:
    username = request.match_info["username"]
    profile = await UserService(request[SESSION]).profile(username, current_user(request))
    return web.json_response({"profile": profile_json(profile)})


@routes.post("/api/profiles/{username}/follow")
@login_required
async def follow(request: web.Request) -> web.Response:
    username = request.match_info["username"]
    profile = await UserService(request[SESSION]).follow(current_user(request), username)
    return web.json_response({"profile": profile_json(profile)})


@routes.delete("/api/profiles/{username}/follow")
@login_required
async def unfollow(request: web.Request) -> web.Response:
    username = request.match_info["username"]
    profile = await UserService(request[SESSION]).unfollow(current_user(request), username)
    return web.json_response({"profile": profile_json(profile)})

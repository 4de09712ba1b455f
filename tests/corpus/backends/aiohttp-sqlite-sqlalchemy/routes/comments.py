from aiohttp import web

from routes.middleware import SESSION, current_user, login_required
from routes.parsing import read_object
from routes.serializers import comment_json
from services.comment_service import CommentService

routes = web.RouteTableDef()


@routes.get("/api/articles/{slug}/comments")
async def list_comments(request: web.Request) -> web.Response:
    slug = request.match_info["slug"]
    found = await CommentService(request[SESSION]).list_for(slug, current_user(request))
    return web.json_response({"comments": [comment_json(details) for details in found]})


@routes.post("/api/articles/{slug}/comments")
@login_required
async def create_comment(request: web.Request) -> web.Response:
    slug = request.match_info["slug"]
    data = await read_object(request, "comment")
    details = await CommentService(request[SESSION]).add(slug, current_user(request), data)
    return web.json_response({"comment": comment_json(details)})


@routes.delete(r"/api/articles/{slug}/comments/{id:\d+}")
@login_required
async def delete_comment(request: web.Request) -> web.Response:
    slug, comment_id = request.match_info["slug"], int(request.match_info["id"])
    await CommentService(request[SESSION]).delete(slug, comment_id, current_user(request))
    return web.Response(status=200)

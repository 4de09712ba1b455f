from aiohttp import web

from conduit.articles import find_article
from conduit.errors import ApiError, not_found
from conduit.middleware import current_user, login_required
from conduit.parsing import read_object, required
from conduit.serializers import comment_to_dict
from conduit.store import STORE

routes = web.RouteTableDef()


@routes.get("/api/articles/{slug}/comments")
async def list_comments(request: web.Request) -> web.Response:
    article = find_article(request)
    viewer = current_user(request)
    newest_first = reversed(article.comments.values())
    return web.json_response(
        {"comments": [comment_to_dict(comment, viewer) for comment in newest_first]}
    )


@routes.post("/api/articles/{slug}/comments")
@login_required
async def create_comment(request: web.Request) -> web.Response:
    article = find_article(request)
    (body,) = required(await read_object(request, "comment"), "body")
    author = current_user(request)
    comment = request.app[STORE].add_comment(article, author, body)
    return web.json_response({"comment": comment_to_dict(comment, author)})


@routes.delete(r"/api/articles/{slug}/comments/{id:\d+}")
@login_required
async def delete_comment(request: web.Request) -> web.Response:
    article = find_article(request)
    comment = article.comments.get(int(request.match_info["id"]))
    if comment is None:
        raise not_found("comment")
    if comment.author is not current_user(request):
        raise ApiError(403, "you are not the author of this comment")
    del article.comments[comment.id]
    return web.Response(status=200)

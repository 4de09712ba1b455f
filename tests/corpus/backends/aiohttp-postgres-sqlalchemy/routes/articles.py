from aiohttp import web

from routes.middleware import SESSION, current_user, login_required
from routes.parsing import paging, read_object
from routes.serializers import article_json, page_json
from services.article_service import ArticleService
from services.dto import ArticleDetails

routes = web.RouteTableDef()


def article_response(details: ArticleDetails, status: int = 200) -> web.Response:
    return web.json_response({"article": article_json(details)}, status=status)


@routes.get("/api/articles")
async def list_articles(request: web.Request) -> web.Response:
    criteria = {name: request.query.get(name) for name in ("tag", "author", "favorited")}
    page = await ArticleService(request[SESSION]).search(
        current_user(request), **criteria, **paging(request)
    )
    return web.json_response(page_json(page))


@routes.get("/api/articles/feed")
@login_required
async def feed(request: web.Request) -> web.Response:
    page = await ArticleService(request[SESSION]).feed(current_user(request), **paging(request))
    return web.json_response(page_json(page))


@routes.post("/api/articles")
@login_required
async def create_article(request: web.Request) -> web.Response:
    data = await read_object(request, "article")
    details = await ArticleService(request[SESSION]).create(current_user(request), data)
    return article_response(details, 201)


@routes.get("/api/articles/{slug}")
async def get_article(request: web.Request) -> web.Response:
    slug = request.match_info["slug"]
    return article_response(await ArticleService(request[SESSION]).get(slug, current_user(request)))


@routes.put("/api/articles/{slug}")
@login_required
async def update_article(request: web.Request) -> web.Response:
    slug = request.match_info["slug"]
    data = await read_object(request, "article")
    details = await ArticleService(request[SESSION]).update(slug, current_user(request), data)
    return article_response(details)


@routes.delete("/api/articles/{slug}")
@login_required
async def delete_article(request: web.Request) -> web.Response:
    slug = request.match_info["slug"]
    await ArticleService(request[SESSION]).delete(slug, current_user(request))
    return web.Response(status=200)


@routes.post("/api/articles/{slug}/favorite")
@login_required
async def favorite_article(request: web.Request) -> web.Response:
    slug = request.match_info["slug"]
    return article_response(
        await ArticleService(request[SESSION]).favorite(slug, current_user(request))
    )


@routes.delete("/api/articles/{slug}/favorite")
@login_required
async def unfavorite_article(request: web.Request) -> web.Response:
    slug = request.match_info["slug"]
    return article_response(
        await ArticleService(request[SESSION]).unfavorite(slug, current_user(request))
    )

from aiohttp import web

from routes.middleware import SESSION
from services.article_service import ArticleService

routes = web.RouteTableDef()


@routes.get("/api/tags")
async def list_tags(request: web.Request) -> web.Response:
    return web.json_response({"tags": await ArticleService(request[SESSION]).tags()})

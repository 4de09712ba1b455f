from aiohttp import web

from conduit import articles, comments, profiles, users
from conduit.middleware import auth_middleware, error_middleware, store_middleware
from conduit.store import STORE, Store


async def health_check(_: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})


def create_app() -> web.Application:
    app = web.Application(middlewares=[error_middleware, store_middleware, auth_middleware])
    app[STORE] = Store()
    app.router.add_get("/api/health-check", health_check)
    for module in (users, profiles, articles, comments):
        app.add_routes(module.routes)
    return app

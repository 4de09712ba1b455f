import os

from aiohttp import web
from repositories.database import database_context
from routes.middleware import auth_middleware, error_middleware, session_middleware

from routes import articles, comments, profiles, tags, users


async def health_check(_: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})


def create_app() -> web.Application:
    app = web.Application(middlewares=[error_middleware, session_middleware, auth_middleware])
    app.cleanup_ctx.append(database_context)
    app.router.add_get("/api/health-check", health_check)
    for module in (users, profiles, articles, comments, tags):
        app.add_routes(module.routes)
    return app


if __name__ == "__main__":
    web.run_app(create_app(), host="0.0.0.0", port=int(os.getenv("PORT", "8080")))

from aiohttp import web

from . import things

routes = web.RouteTableDef()

@routes.get("/api/trial")
async def trial(request):
    return web.json_response({"status": "ok", "limit": int(request.query.get("limit", "20"))})

@routes.post("/api/things")
async def create(request):
    return web.json_response({"thing": await request.json()}, status=201)

@routes.put("/api/things/{slug}")
@routes.delete("/api/things/{slug}")
async def change(request):
    raise things.Missing([request.match_info["slug"]])

@web.middleware
async def errors(request, handler):
    try:
        return await handler(request)
    except things.Failure as failure:
        return web.json_response({"errors": failure.messages}, status=failure.status)
    except web.HTTPException as error:
        return web.json_response({"errors": error.reason}, status=error.status)

async def started(app):
    app["store"] = {}

def make():
    app = web.Application(middlewares=[errors])
    app.add_routes(routes)
    app.router.add_get("/api/more/{name}", trial)
    app.on_startup.append(started)
    app.on_cleanup.append(started)
    return app

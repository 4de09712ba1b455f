import os

from aiohttp import web

from conduit.app import create_app

if __name__ == "__main__":
    web.run_app(
        create_app(), host=os.getenv("HOST", "127.0.0.1"), port=int(os.getenv("PORT", "8080"))
    )

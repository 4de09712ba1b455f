from collections.abc import AsyncIterator

from aiohttp import web
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from models import Base

DATABASE_URL = "sqlite+aiosqlite:///./conduit.db"

SESSIONS = web.AppKey("sessions", async_sessionmaker[AsyncSession])


def enforce_foreign_keys(connection, _) -> None:
    connection.execute("PRAGMA foreign_keys = ON")


async def database_context(app: web.Application) -> AsyncIterator[None]:
    engine = create_async_engine(DATABASE_URL, connect_args={"timeout": 30})
    event.listen(engine.sync_engine, "connect", enforce_foreign_keys)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.drop_all)
        await connection.run_sync(Base.metadata.create_all)
    app[SESSIONS] = async_sessionmaker(engine, expire_on_commit=False)
    yield
    await engine.dispose()

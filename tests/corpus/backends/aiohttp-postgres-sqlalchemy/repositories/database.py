from collections.abc import AsyncIterator

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from models import Base

DATABASE_URL = "postgresql+asyncpg://user:password@postgres:5432/conduit"

SESSIONS = web.AppKey("sessions", async_sessionmaker[AsyncSession])


async def database_context(app: web.Application) -> AsyncIterator[None]:
    engine = create_async_engine(DATABASE_URL, pool_size=10)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    app[SESSIONS] = async_sessionmaker(engine, expire_on_commit=False)
    yield
    await engine.dispose()

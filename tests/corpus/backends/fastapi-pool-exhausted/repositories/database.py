import os
from asyncio import current_task

from sqlalchemy.ext.asyncio import (
    AsyncSession,
    async_scoped_session,
    async_sessionmaker,
    create_async_engine,
)

from models import Base

DATABASE_URL = os.getenv("DATABASE_URL", "postgresql://user:password@postgres:5432/conduit")

engine = create_async_engine(
    DATABASE_URL.replace("postgresql://", "postgresql+asyncpg://", 1),
    pool_size=5,
    max_overflow=0,
    pool_timeout=0.3,
)
SessionLocal = async_sessionmaker(engine, expire_on_commit=False)
ScopedSession = async_scoped_session(SessionLocal, scopefunc=current_task)


async def create_schema() -> None:
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)


def current_session() -> AsyncSession:
    """The session of the task that handles this request."""
    return ScopedSession()

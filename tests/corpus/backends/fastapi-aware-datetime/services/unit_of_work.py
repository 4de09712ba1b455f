from collections.abc import AsyncIterator

from repositories.database import session_scope
from sqlalchemy.ext.asyncio import AsyncSession


async def unit_of_work() -> AsyncIterator[AsyncSession]:
    """One database session for the work of one request."""
    async for session in session_scope():
        yield session

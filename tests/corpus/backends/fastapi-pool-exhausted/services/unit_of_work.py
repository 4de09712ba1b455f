from sqlalchemy.ext.asyncio import AsyncSession

from repositories.database import current_session


async def unit_of_work() -> AsyncSession:
    """One database session for the work of one request."""
    return current_session()

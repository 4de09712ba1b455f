from collections.abc import Iterator

from sqlalchemy.orm import Session

from repositories.database import session_scope


def unit_of_work() -> Iterator[Session]:
    """One database session for the work of one request."""
    yield from session_scope()

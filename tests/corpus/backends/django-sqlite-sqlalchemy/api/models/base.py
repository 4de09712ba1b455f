from datetime import datetime, timezone
from typing import Annotated

from sqlalchemy import DateTime
from sqlalchemy.orm import DeclarativeBase, mapped_column


def utc_now() -> datetime:
    """SQLite has no time zones: everything is stored in UTC, without one."""
    return datetime.now(timezone.utc).replace(tzinfo=None)


class Base(DeclarativeBase):
    pass


Timestamp = Annotated[datetime, mapped_column(DateTime, default=utc_now)]

from datetime import datetime, timezone
from typing import Annotated

from sqlalchemy import DateTime
from sqlalchemy.orm import DeclarativeBase, mapped_column


def utc_now() -> datetime:
    return datetime.now(timezone.utc)


class Base(DeclarativeBase):
    pass


Timestamp = Annotated[datetime, mapped_column(DateTime(timezone=True), default=utc_now)]

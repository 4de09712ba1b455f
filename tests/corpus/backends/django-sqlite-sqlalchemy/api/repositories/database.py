from django.conf import settings
from sqlalchemy import create_engine, event
from sqlalchemy.orm import sessionmaker

from api.models import Base

engine = create_engine(settings.SQLALCHEMY_URL, connect_args={"timeout": 30})
SessionLocal = sessionmaker(bind=engine, expire_on_commit=False)


@event.listens_for(engine, "connect")
def enforce_foreign_keys(connection, _) -> None:
    connection.execute("PRAGMA foreign_keys = ON")


def create_schema() -> None:
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)

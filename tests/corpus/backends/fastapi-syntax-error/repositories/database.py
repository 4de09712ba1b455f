from collections.abc import Iterator

from sqlalchemy import create_engine
from sqlalchemy.orm import Session, sessionmaker

from models import Base

DATABASE_URL = "sqlite:///./conduit.db"

engine = create_engine(
    DATABASE_URL, connect_args={"check_same_thread": False, "timeout": 30}, pool_size=20
)
SessionLocal = sessionmaker(bind=engine, expire_on_commit=False)


def create_schema() -> None:
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)


def session_scope() -> Iterator[Session]:
    with SessionLocal() as session:
        yield session

import os

from sqlalchemy import URL, create_engine
from sqlalchemy.orm import sessionmaker

from models import Base

DATABASE_URL = URL.create(
    "postgresql+psycopg2",
    username=os.environ.get("PGUSER", "user"),
    password=os.environ.get("PGPASSWORD", "password"),
    host=os.environ.get("PGHOST", "postgres"),
    port=int(os.environ.get("PGPORT", "5432")),
    database=os.environ.get("PGDATABASE", "conduit"),
)

engine = create_engine(DATABASE_URL, pool_pre_ping=True)
SessionLocal = sessionmaker(bind=engine)


def create_schema() -> None:
    Base.metadata.create_all(engine)

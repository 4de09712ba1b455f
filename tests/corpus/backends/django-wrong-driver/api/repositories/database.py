from django.conf import settings
from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker

from api.models import Base

engine = create_engine(settings.SQLALCHEMY_URL, pool_size=10, max_overflow=10)
SessionLocal = sessionmaker(bind=engine, expire_on_commit=False)


def create_schema() -> None:
    Base.metadata.create_all(engine)

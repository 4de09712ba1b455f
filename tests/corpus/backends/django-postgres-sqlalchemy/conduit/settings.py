import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent

SECRET_KEY = os.environ.get("DJANGO_SECRET_KEY", "conduit-development-secret-key")
DEBUG = False
ALLOWED_HOSTS = ["*"]

INSTALLED_APPS = ["api"]

MIDDLEWARE = [
    "django.middleware.common.CommonMiddleware",
    "api.middleware.DatabaseSessionMiddleware",
    "api.middleware.JsonErrorMiddleware",
    "api.middleware.TokenAuthMiddleware",
]

ROOT_URLCONF = "conduit.urls"
WSGI_APPLICATION = "conduit.wsgi.application"
APPEND_SLASH = False

# Django's own ORM is not used: SQLAlchemy has the data.
DATABASES = {}
SQLALCHEMY_URL = (
    os.environ.get("DATABASE_URL", "postgresql://user:password@postgres:5432/conduit")
).replace("postgresql://", "postgresql+psycopg2://", 1)

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True

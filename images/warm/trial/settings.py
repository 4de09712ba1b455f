from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent
SECRET_KEY = "secret"
DEBUG = False
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "trialled.urls"
APPEND_SLASH = False
USE_TZ = True
INSTALLED_APPS = ["trialled"]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db.sqlite3"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

from django.core import signing

SALT = "conduit.auth"
MAX_AGE = 60 * 60 * 24 * 14


def make_token(user_id: int) -> str:
    return signing.dumps({"id": user_id}, salt=SALT)


def read_token(token: str) -> int | None:
    try:
        return signing.loads(token, salt=SALT, max_age=MAX_AGE)["id"]
    except signing.BadSignature:
        return None

import base64
import binascii
import hashlib
import hmac
import os
import time

SECRET = os.getenv("SECRET_KEY", "development-secret").encode()
LIFETIME = 7 * 24 * 60 * 60


def hash_password(password: str) -> str:
    salt = os.urandom(16)
    digest = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, 20_000)
    return f"{salt.hex()}:{digest.hex()}"


def check_password(password: str, password_hash: str) -> bool:
    salt, digest = (bytes.fromhex(part) for part in password_hash.split(":"))
    computed = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, 20_000)
    return hmac.compare_digest(computed, digest)


def make_token(user_id: int) -> str:
    payload = f"{user_id}:{int(time.time()) + LIFETIME}".encode()
    signature = hmac.new(SECRET, payload, hashlib.sha256).hexdigest()
    return f"{base64.urlsafe_b64encode(payload).decode()}.{signature}"


def parse_token(token: str) -> int | None:
    encoded, _, signature = token.partition(".")
    try:
        payload = base64.urlsafe_b64decode(encoded)
        expected = hmac.new(SECRET, payload, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected.encode(), signature.encode()):
            return None
        user_id, expires = payload.decode().split(":")
        return int(user_id) if int(expires) > time.time() else None
    except (ValueError, binascii.Error):
        return None

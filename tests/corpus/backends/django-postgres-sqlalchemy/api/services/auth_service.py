import base64
import hashlib
import hmac
import json
import os
import time

SECRET = os.getenv("JWT_SECRET", "change-me-in-production").encode()
EXPIRES_IN = 60 * 60 * 24 * 30


def hash_password(password: str) -> str:
    salt = os.urandom(16)
    return salt.hex() + ":" + _derive(password, salt)


def verify_password(password: str, password_hash: str) -> bool:
    salt, _, expected = password_hash.partition(":")
    return hmac.compare_digest(_derive(password, bytes.fromhex(salt)), expected)


def _derive(password: str, salt: bytes) -> str:
    return hashlib.scrypt(password.encode(), salt=salt, n=2**13, r=8, p=1).hex()


def _b64encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _b64decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _signature(signing_input: str) -> str:
    return _b64encode(hmac.new(SECRET, signing_input.encode(), hashlib.sha256).digest())


def create_token(user_id: int) -> str:
    header = _b64encode(b'{"alg":"HS256","typ":"JWT"}')
    payload = _b64encode(
        json.dumps({"user_id": user_id, "exp": int(time.time()) + EXPIRES_IN}).encode()
    )
    return f"{header}.{payload}.{_signature(f'{header}.{payload}')}"


def decode_token(token: str) -> int | None:
    try:
        header, payload, signature = token.split(".")
        expected = _signature(f"{header}.{payload}")
        if not hmac.compare_digest(expected.encode(), signature.encode()):
            return None
        claims = json.loads(_b64decode(payload))
        return int(claims["user_id"]) if claims["exp"] >= time.time() else None
    except (ValueError, KeyError, TypeError):
        return None

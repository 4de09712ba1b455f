import base64
import hashlib
import hmac
import json
import os
import time

SECRET_KEY = os.environ.get("SECRET_KEY", "conduit-secret-key").encode()
TOKEN_LIFETIME = 7 * 24 * 3600
ITERATIONS = 50_000


def hash_password(password: str) -> str:
    salt = os.urandom(16)
    digest = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, ITERATIONS)
    return f"{salt.hex()}${digest.hex()}"


def verify_password(password: str, stored: str) -> bool:
    salt, digest = stored.split("$")
    computed = hashlib.pbkdf2_hmac("sha256", password.encode(), bytes.fromhex(salt), ITERATIONS)
    return hmac.compare_digest(computed.hex(), digest)


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _sign(message: str) -> str:
    return _encode(hmac.new(SECRET_KEY, message.encode(), hashlib.sha256).digest())


def create_token(user_id: int) -> str:
    header = _encode(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
    claims = {"sub": user_id, "exp": int(time.time()) + TOKEN_LIFETIME}
    payload = _encode(json.dumps(claims).encode())
    return f"{header}.{payload}.{_sign(f'{header}.{payload}')}"


def read_token(token: str) -> int | None:
    """Return the user id stored in a valid token, None for anything else."""
    try:
        header, payload, signature = token.split(".")
        if not hmac.compare_digest(_sign(f"{header}.{payload}").encode(), signature.encode()):
            return None
        claims = json.loads(_decode(payload))
        return claims["sub"] if claims["exp"] > time.time() else None
    except (ValueError, KeyError, TypeError):
        return None

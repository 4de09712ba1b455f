from functools import wraps

from flask import current_app, g, jsonify, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from database import query_one

TOKEN_MAX_AGE = 7 * 24 * 3600


def _serializer():
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="auth")


def generate_token(user_id):
    return _serializer().dumps(user_id)


def load_user():
    """Find the user of the Authorization header and keep it in g.user."""
    g.user = None
    header = request.headers.get("Authorization", "")
    if not header.startswith("Token "):
        return
    try:
        user_id = _serializer().loads(header[len("Token ") :], max_age=TOKEN_MAX_AGE)
    except BadSignature:
        return
    g.user = query_one("SELECT * FROM users WHERE id = ?", user_id)


def auth_required(view):
    @wraps(view)
    def wrapped(*args, **kwargs):
        if g.user is None:
            return jsonify({"errors": {"body": ["authentication required"]}}), 401
        return view(*args, **kwargs)

    return wrapped

from flask import Blueprint, g, jsonify

from models import User
from routes.helpers import login_required, read_body, users
from routes.serializers import user_json

users_bp = Blueprint("users", __name__)


def _user_response(user: User):
    return jsonify({"user": user_json(user, users().token_for(user))})


@users_bp.post("/users")
def register():
    return _user_response(users().register(read_body("user"))), 201


@users_bp.post("/users/login")
def login():
    return _user_response(users().login(read_body("user")))


@users_bp.get("/user")
@login_required
def get_current_user():
    return _user_response(g.user)


@users_bp.put("/user")
@login_required
def update_current_user():
    return _user_response(users().update(g.user, read_body("user")))

from flask import Blueprint, g, jsonify

from routes.helpers import login_optional, login_required, users
from routes.serializers import profile_json

profiles_bp = Blueprint("profiles", __name__)


@profiles_bp.get("/profiles/<username>")
@login_optional
def get_profile(username: str):
    return jsonify({"profile": profile_json(users().profile(username, g.user))})


@profiles_bp.post("/profiles/<username>/follow")
@login_required
def follow(username: str):
    return jsonify({"profile": profile_json(users().follow(g.user, username))})


@profiles_bp.delete("/profiles/<username>/follow")
@login_required
def unfollow(username: str):
    return jsonify({"profile": profile_json(users().unfollow(g.user, username))})

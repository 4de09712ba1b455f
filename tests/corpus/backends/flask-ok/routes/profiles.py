from flask import Blueprint, g, jsonify

from routes.helpers import login_optional, login_required
from routes.serializers import profile_json
from services import user_service

profiles_bp = Blueprint("profiles", __name__)


@profiles_bp.get("/profiles/<username>")
@login_optional
def get_profile(username: str):
    return jsonify({"profile": profile_json(user_service.get_profile(username, g.user))})


@profiles_bp.post("/profiles/<username>/follow")
@login_required
def follow(username: str):
    return jsonify({"profile": profile_json(user_service.follow(g.user, username))})


@profiles_bp.delete("/profiles/<username>/follow")
@login_required
def unfollow(username: str):
    return jsonify({"profile": profile_json(user_service.unfollow(g.user, username))})

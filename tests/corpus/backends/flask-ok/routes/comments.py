from flask import Blueprint, g, jsonify

from routes.helpers import login_optional, login_required, read_body
from routes.serializers import comment_json
from services import comment_service

comments_bp = Blueprint("comments", __name__)


@comments_bp.get("/articles/<slug>/comments")
@login_optional
def list_comments(slug: str):
    views = comment_service.list_for(slug, g.user)
    return jsonify({"comments": [comment_json(view) for view in views]})


@comments_bp.post("/articles/<slug>/comments")
@login_required
def add_comment(slug: str):
    view = comment_service.add(slug, g.user, read_body("comment"))
    return jsonify({"comment": comment_json(view)})


@comments_bp.delete("/articles/<slug>/comments/<int:comment_id>")
@login_required
def delete_comment(slug: str, comment_id: int):
    comment_service.delete(slug, comment_id, g.user)
    return "", 200

from flask import Blueprint, g, jsonify

from routes.helpers import comments, login_optional, login_required, read_body
from routes.serializers import comment_json

comments_bp = Blueprint("comments", __name__)


@comments_bp.get("/articles/<slug>/comments")
@login_optional
def list_comments(slug: str):
    found = comments().list_for(slug, g.user)
    return jsonify({"comments": [comment_json(details) for details in found]})


@comments_bp.post("/articles/<slug>/comments")
@login_required
def add_comment(slug: str):
    return jsonify({"comment": comment_json(comments().add(slug, g.user, read_body("comment")))})


@comments_bp.delete("/articles/<slug>/comments/<int:comment_id>")
@login_required
def delete_comment(slug: str, comment_id: int):
    comments().delete(slug, comment_id, g.user)
    return "", 200

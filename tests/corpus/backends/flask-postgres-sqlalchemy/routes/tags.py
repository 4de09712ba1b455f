from flask import Blueprint, jsonify

from routes.helpers import articles

tags_bp = Blueprint("tags", __name__)


@tags_bp.get("/tags")
def list_tags():
    return jsonify({"tags": articles().tags()})

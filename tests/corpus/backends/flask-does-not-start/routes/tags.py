from flask import Blueprint, jsonify

from services import article_service

tags_bp = Blueprint("tags", __name__)


@tags_bp.get("/tags")
def list_tags():
    return jsonify({"tags": article_service.list_tags()})

from flask import Blueprint, g, jsonify, request

from routes.helpers import articles, login_optional, login_required, paging, read_body
from routes.serializers import article_json, page_json
from services.dto import ArticleDetails

articles_bp = Blueprint("articles", __name__)


def _single(details: ArticleDetails):
    return jsonify({"article": article_json(details)})


@articles_bp.get("/articles")
@login_optional
def list_articles():
    criteria = {name: request.args.get(name) for name in ("tag", "author", "favorited")}
    return jsonify(page_json(articles().search(g.user, **criteria, **paging())))


@articles_bp.get("/articles/feed")
@login_required
def feed():
    return jsonify(page_json(articles().feed(g.user, **paging())))


@articles_bp.post("/articles")
@login_required
def create_article():
    return _single(articles().create(g.user, read_body("article"))), 201


@articles_bp.get("/articles/<slug>")
@login_optional
def get_article(slug: str):
    return _single(articles().get(slug, g.user))


@articles_bp.put("/articles/<slug>")
@login_required
def update_article(slug: str):
    return _single(articles().update(slug, g.user, read_body("article")))


@articles_bp.delete("/articles/<slug>")
@login_required
def delete_article(slug: str):
    articles().delete(slug, g.user)
    return "", 200


@articles_bp.post("/articles/<slug>/favorite")
@login_required
def favorite_article(slug: str):
    return _single(articles().favorite(slug, g.user))


@articles_bp.delete("/articles/<slug>/favorite")
@login_required
def unfavorite_article(slug: str):
    return _single(articles().unfavorite(slug, g.user))

from flask import Blueprint, g, jsonify, request

from models.article import ArticleFilter, ArticleView
from routes.helpers import int_param, login_optional, login_required, read_body
from routes.serializers import article_json
from services import article_service

articles_bp = Blueprint("articles", __name__)


def _single(view: ArticleView):
    return jsonify({"article": article_json(view)})


def _multiple(criteria: ArticleFilter):
    views, total = article_service.search(criteria, g.user)
    return jsonify({"articles": [article_json(view) for view in views], "articlesCount": total})


@articles_bp.get("/articles")
@login_optional
def list_articles():
    return _multiple(
        ArticleFilter(
            tag=request.args.get("tag"),
            author=request.args.get("author"),
            favorited=request.args.get("favorited"),
            limit=int_param("limit", 20, 1),
            offset=int_param("offset", 0, 0),
        )
    )


@articles_bp.get("/articles/feed")
@login_required
def feed():
    return _multiple(
        ArticleFilter(
            feed_of=g.user.id, limit=int_param("limit", 20, 1), offset=int_param("offset", 0, 0)
        )
    )


@articles_bp.post("/articles")
@login_required
def create_article():
    return _single(article_service.create(g.user, read_body("article"))), 201


@articles_bp.get("/articles/<slug>")
@login_optional
def get_article(slug: str):
    return _single(article_service.get(slug, g.user))


@articles_bp.put("/articles/<slug>")
@login_required
def update_article(slug: str):
    return _single(article_service.update(slug, g.user, read_body("article")))


@articles_bp.delete("/articles/<slug>")
@login_required
def delete_article(slug: str):
    article_service.delete(slug, g.user)
    return "", 200


@articles_bp.post("/articles/<slug>/favorite")
@login_required
def favorite_article(slug: str):
    return _single(article_service.favorite(slug, g.user))


@articles_bp.delete("/articles/<slug>/favorite")
@login_required
def unfavorite_article(slug: str):
    return _single(article_service.unfavorite(slug, g.user))

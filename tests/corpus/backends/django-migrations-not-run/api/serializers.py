from datetime import datetime

from api.models import Article, Comment, User
from api.tokens import make_token


def iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def serialize_user(user: User) -> dict:
    return {
        "email": user.email,
        "token": make_token(user.pk),
        "username": user.username,
        "bio": user.bio,
        "image": user.image,
    }


def serialize_profile(user: User, viewer: User | None) -> dict:
    return {
        "username": user.username,
        "bio": user.bio,
        "image": user.image,
        "following": viewer is not None and viewer.is_following(user),
    }


def serialize_article(article: Article, viewer: User | None) -> dict:
    fans = article.favorited_by
    return {
        "slug": article.slug,
        "title": article.title,
        "description": article.description,
        "body": article.body,
        "tagList": [tag.name for tag in article.tags.all()],
        "createdAt": iso(article.created_at),
        "updatedAt": iso(article.updated_at),
        "favorited": viewer is not None and fans.filter(pk=viewer.pk).exists(),
        "favoritesCount": fans.count(),
        "author": serialize_profile(article.author, viewer),
    }


def serialize_comment(comment: Comment, viewer: User | None) -> dict:
    return {
        "id": comment.pk,
        "createdAt": iso(comment.created_at),
        "updatedAt": iso(comment.updated_at),
        "body": comment.body,
        "author": serialize_profile(comment.author, viewer),
    }

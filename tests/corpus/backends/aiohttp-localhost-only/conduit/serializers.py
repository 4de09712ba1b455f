from datetime import datetime

from conduit.security import make_token
from conduit.store import Article, Comment, User


def iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def user_to_dict(user: User) -> dict:
    return {
        "email": user.email,
        "token": make_token(user.id),
        "username": user.username,
        "bio": user.bio,
        "image": user.image,
    }


def profile_to_dict(user: User, viewer: User | None) -> dict:
    return {
        "username": user.username,
        "bio": user.bio,
        "image": user.image,
        "following": viewer is not None and user.id in viewer.following,
    }


def article_to_dict(article: Article, viewer: User | None) -> dict:
    return {
        "slug": article.slug,
        "title": article.title,
        "description": article.description,
        "body": article.body,
        "tagList": article.tags,
        "createdAt": iso(article.created_at),
        "updatedAt": iso(article.updated_at),
        "favorited": viewer is not None and viewer.id in article.favorited_by,
        "favoritesCount": len(article.favorited_by),
        "author": profile_to_dict(article.author, viewer),
    }


def comment_to_dict(comment: Comment, viewer: User | None) -> dict:
    return {
        "id": comment.id,
        "createdAt": iso(comment.created_at),
        "updatedAt": iso(comment.updated_at),
        "body": comment.body,
        "author": profile_to_dict(comment.author, viewer),
    }

from datetime import datetime

from models import Article, Comment, User
from services.article_service import ArticleService
from services.user_service import UserService


def iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds") + "Z"


def present_user(user: User, users: UserService) -> dict:
    return {
        "user": {
            "email": user.email,
            "token": users.token_for(user),
            "username": user.username,
            "bio": user.bio,
            "image": user.image,
        }
    }


def present_profile(user: User, viewer: User | None, users: UserService) -> dict:
    return {
        "username": user.username,
        "bio": user.bio,
        "image": user.image,
        "following": users.is_following(viewer, user),
    }


def present_article(
    article: Article, viewer: User | None, articles: ArticleService, users: UserService
) -> dict:
    return {
        "slug": article.slug,
        "title": article.title,
        "description": article.description,
        "body": article.body,
        "tagList": [tag.name for tag in article.tags],
        "createdAt": iso(article.created_at),
        "updatedAt": iso(article.updated_at),
        "favorited": articles.is_favorited(article, viewer),
        "favoritesCount": articles.count_favorites(article),
        "author": present_profile(article.author, viewer, users),
    }


def present_comment(comment: Comment, viewer: User | None, users: UserService) -> dict:
    return {
        "id": comment.id,
        "createdAt": iso(comment.created_at),
        "updatedAt": iso(comment.updated_at),
        "body": comment.body,
        "author": present_profile(comment.author, viewer, users),
    }

from datetime import datetime, timezone

from models import User
from services.dto import ArticleDetails, CommentDetails, Page, Profile


def iso(moment: datetime) -> str:
    in_utc = moment.astimezone(timezone.utc).replace(tzinfo=None)
    return in_utc.isoformat(timespec="milliseconds") + "Z"


def user_json(user: User, token: str) -> dict:
    return {
        "email": user.email,
        "token": token,
        "username": user.username,
        "bio": user.bio,
        "image": user.image,
    }


def profile_json(profile: Profile) -> dict:
    return {
        "username": profile.user.username,
        "bio": profile.user.bio,
        "image": profile.user.image,
        "following": profile.following,
    }


def article_json(details: ArticleDetails) -> dict:
    article = details.article
    return {
        "slug": article.slug,
        "title": article.title,
        "description": article.description,
        "body": article.body,
        "tagList": [tag.name for tag in article.tags],
        "createdAt": iso(article.created_at),
        "updatedAt": iso(article.updated_at),
        "favorited": details.favorited,
        "favoritesCount": details.favorites_count,
        "author": profile_json(details.author),
    }


def page_json(page: Page) -> dict:
    return {
        "articles": [article_json(details) for details in page.articles],
        "articlesCount": page.total,
    }


def comment_json(details: CommentDetails) -> dict:
    comment = details.comment
    return {
        "id": comment.id,
        "createdAt": iso(comment.created_at),
        "updatedAt": iso(comment.updated_at),
        "body": comment.body,
        "author": profile_json(details.author),
    }

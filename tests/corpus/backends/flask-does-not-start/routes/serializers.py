from models.article import ArticleView
from models.comment import CommentView
from models.user import Profile, User


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
        "username": profile.username,
        "bio": profile.bio,
        "image": profile.image,
        "following": profile.following,
    }


def article_json(view: ArticleView) -> dict:
    article = view.article
    return {
        "slug": article.slug,
        "title": article.title,
        "description": article.description,
        "body": article.body,
        "tagList": view.tags,
        "createdAt": article.created_at,
        "updatedAt": article.updated_at,
        "favorited": view.favorited,
        "favoritesCount": view.favorites_count,
        "author": profile_json(view.author),
    }


def comment_json(view: CommentView) -> dict:
    comment = view.comment
    return {
        "id": comment.id,
        "createdAt": comment.created_at,
        "updatedAt": comment.updated_at,
        "body": comment.body,
        "author": profile_json(view.author),
    }

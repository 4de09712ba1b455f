from flask import g

from auth import generate_token
from database import query, query_one


def exists(sql, *args):
    return query_one(sql, *args) is not None


def user_dict(user):
    return {
        "email": user["email"],
        "token": generate_token(user["id"]),
        "username": user["username"],
        "bio": user["bio"],
        "image": user["image"],
    }


def profile_dict(user):
    return {
        "username": user["username"],
        "bio": user["bio"],
        "image": user["image"],
        "following": g.user is not None
        and exists(
            "SELECT 1 FROM follows WHERE follower_id = ? AND followed_id = ?",
            g.user["id"],
            user["id"],
        ),
    }


def author_of(row):
    return profile_dict(query_one("SELECT * FROM users WHERE id = ?", row["author_id"]))


def article_dict(article):
    tags = query("SELECT name FROM tags WHERE article_id = ? ORDER BY rowid", article["id"])
    count = query_one("SELECT COUNT(*) FROM favorites WHERE article_id = ?", article["id"])[0]
    return {
        "slug": article["slug"],
        "title": article["title"],
        "description": article["description"],
        "body": article["body"],
        "tagList": [tag["name"] for tag in tags],
        "createdAt": article["created_at"],
        "updatedAt": article["updated_at"],
        "favorited": g.user is not None
        and exists(
            "SELECT 1 FROM favorites WHERE user_id = ? AND article_id = ?",
            g.user["id"],
            article["id"],
        ),
        "favoritesCount": count,
        "author": author_of(article),
    }


def comment_dict(comment):
    return {
        "id": comment["id"],
        "createdAt": comment["created_at"],
        "updatedAt": comment["updated_at"],
        "body": comment["body"],
        "author": author_of(comment),
    }

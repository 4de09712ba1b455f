"""In-memory storage, to be used under its lock."""

import asyncio
import itertools
import re
from dataclasses import dataclass, field
from datetime import datetime, timezone

from aiohttp import web


def now() -> datetime:
    return datetime.now(timezone.utc)


@dataclass(eq=False)
class User:
    id: int
    username: str
    email: str
    password_hash: str
    bio: str = ""
    image: str = ""
    following: set[int] = field(default_factory=set)


@dataclass(eq=False)
class Comment:
    id: int
    body: str
    author: User
    created_at: datetime = field(default_factory=now)
    updated_at: datetime = field(default_factory=now)


@dataclass(eq=False)
class Article:
    id: int
    slug: str
    title: str
    description: str
    body: str
    tags: list[str]
    author: User
    created_at: datetime = field(default_factory=now)
    updated_at: datetime = field(default_factory=now)
    favorited_by: set[int] = field(default_factory=set)
    comments: dict[int, Comment] = field(default_factory=dict)


class Store:
    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.users: dict[int, User] = {}
        self.articles: dict[str, Article] = {}
        self._user_ids = itertools.count(1)
        self._article_ids = itertools.count(1)
        self._comment_ids = itertools.count(1)

    async def load_user(self, user_id: int | None) -> User | None:
        async with self.lock:
            return self.users.get(user_id)

    def user_by_email(self, email: str) -> User | None:
        return next((user for user in self.users.values() if user.email == email), None)

    def user_by_username(self, username: str) -> User | None:
        return next((user for user in self.users.values() if user.username == username), None)

    def add_user(self, username: str, email: str, password_hash: str) -> User:
        user = User(next(self._user_ids), username, email, password_hash)
        self.users[user.id] = user
        return user

    def unique_slug(self, title: str) -> str:
        base = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "article"
        slug = base
        for number in itertools.count(2):
            if slug not in self.articles:
                return slug
            slug = f"{base}-{number}"

    def add_article(
        self, author: User, title: str, description: str, body: str, tags: list[str]
    ) -> Article:
        article = Article(
            id=next(self._article_ids),
            slug=self.unique_slug(title),
            title=title,
            description=description,
            body=body,
            tags=list(dict.fromkeys(tags)),
            author=author,
        )
        self.articles[article.slug] = article
        return article

    def retitle(self, article: Article, title: str) -> None:
        del self.articles[article.slug]
        article.title = title
        article.slug = self.unique_slug(title)
        self.articles[article.slug] = article

    def newest_first(self) -> list[Article]:
        return sorted(self.articles.values(), key=lambda article: article.id, reverse=True)

    def add_comment(self, article: Article, author: User, body: str) -> Comment:
        comment = Comment(next(self._comment_ids), body, author)
        article.comments[comment.id] = comment
        return comment

    def tags(self) -> list[str]:
        return sorted({tag for article in self.articles.values() for tag in article.tags})


STORE = web.AppKey("store", Store)

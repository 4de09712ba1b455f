from dataclasses import dataclass

from models.user import Profile


@dataclass
class Article:
    id: int
    slug: str
    title: str
    description: str
    body: str
    author_id: int
    created_at: str
    updated_at: str


@dataclass
class ArticleView:
    """An article together with everything that depends on who is looking at it."""

    article: Article
    tags: list[str]
    author: Profile
    favorited: bool
    favorites_count: int


@dataclass
class ArticleFilter:
    tag: str | None = None
    author: str | None = None
    favorited: str | None = None
    feed_of: int | None = None
    limit: int = 20
    offset: int = 0

from dataclasses import dataclass

from models import Article, Comment, User


@dataclass(frozen=True)
class Profile:
    user: User
    following: bool


@dataclass(frozen=True)
class ArticleDetails:
    article: Article
    author: Profile
    favorited: bool
    favorites_count: int


@dataclass(frozen=True)
class CommentDetails:
    comment: Comment
    author: Profile


@dataclass(frozen=True)
class Page:
    articles: list[ArticleDetails]
    total: int

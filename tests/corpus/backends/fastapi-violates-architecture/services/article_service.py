import re
import unicodedata

from sqlalchemy.orm import Session

from models import Article, User
from models.base import utc_now
from repositories.article_repository import ArticleRepository
from services.exceptions import Forbidden, NotFound


class ArticleService:
    def __init__(self, session: Session):
        self.articles = ArticleRepository(session)

    def create(self, author: User, data) -> Article:
        return self.articles.create(author, self._unique_slug(data.title), data)

    def get(self, slug: str) -> Article:
        article = self.articles.get_by_slug(slug)
        if article is None:
            raise NotFound("article not found")
        return article

    def update(self, slug: str, user: User, changes: dict[str, str | None]) -> Article:
        article = self._owned(slug, user)
        title = changes.get("title")
        if title and title != article.title:
            article.slug = self._unique_slug(title, article)
            article.title = title
        article.description = changes.get("description") or article.description
        article.body = changes.get("body") or article.body
        article.updated_at = utc_now()
        return self.articles.save(article)

    def delete(self, slug: str, user: User) -> None:
        self.articles.delete(self._owned(slug, user))

    def search(self, filters) -> tuple[list[Article], int]:
        return self.articles.search(filters)

    def feed(self, user: User, limit: int, offset: int) -> tuple[list[Article], int]:
        return self.articles.feed(user, limit, offset)

    def favorite(self, slug: str, user: User) -> Article:
        article = self.get(slug)
        self.articles.favorite(article, user)
        return article

    def unfavorite(self, slug: str, user: User) -> Article:
        article = self.get(slug)
        self.articles.unfavorite(article, user)
        return article

    def is_favorited(self, article: Article, viewer: User | None) -> bool:
        return viewer is not None and self.articles.is_favorited(article, viewer)

    def count_favorites(self, article: Article) -> int:
        return self.articles.count_favorites(article)

    def tags(self) -> list[str]:
        return self.articles.tag_names()

    def _owned(self, slug: str, user: User) -> Article:
        article = self.get(slug)
        if article.author_id != user.id:
            raise Forbidden("you are not the author of this article")
        return article

    def _unique_slug(self, title: str, current: Article | None = None) -> str:
        ascii_title = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
        base = re.sub(r"[^a-z0-9]+", "-", ascii_title.lower()).strip("-") or "article"
        candidate, number = base, 1
        while (existing := self.articles.get_by_slug(candidate)) and existing is not current:
            number += 1
            candidate = f"{base}-{number}"
        return candidate

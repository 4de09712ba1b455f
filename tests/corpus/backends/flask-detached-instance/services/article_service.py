import re
import unicodedata

from models.base import utc_now
from sqlalchemy.orm import Session

from models import Article, ArticleTag, User
from repositories.article_repository import ArticleRepository
from services.dto import ArticleDetails, Page
from services.errors import ForbiddenError, NotFoundError, ValidationError
from services.user_service import UserService
from services.validation import optional_text, require_text


class ArticleService:
    def __init__(self, session: Session):
        self.articles = ArticleRepository(session)
        self.users = UserService(session)

    def create(self, author: User, data: dict) -> ArticleDetails:
        title, description, body = require_text(data, "title", "description", "body")
        tags = data.get("tagList") or []
        if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
            raise ValidationError("tagList must be a list of strings")
        now = utc_now()
        article = Article(
            slug=self._unique_slug(title),
            title=title,
            description=description,
            body=body,
            author_id=author.id,
            tags=[ArticleTag(name=name) for name in dict.fromkeys(tags)],
            created_at=now,
            updated_at=now,
        )
        return self._details(self.articles.add(article), author)

    def get(self, slug: str, viewer: User | None) -> ArticleDetails:
        return self._details(self.find(slug), viewer)

    def update(self, slug: str, user: User, data: dict) -> ArticleDetails:
        article = self._find_own(slug, user)
        title = optional_text(data, "title")
        description = optional_text(data, "description")
        body = optional_text(data, "body")
        if title and title != article.title:
            article.slug = self._unique_slug(title)
            article.title = title
        article.description = description or article.description
        article.body = body or article.body
        article.updated_at = utc_now()
        return self._details(self.articles.save(article), user)

    def delete(self, slug: str, user: User) -> None:
        self.articles.delete(self._find_own(slug, user))

    def search(self, viewer: User | None, **criteria) -> Page:
        articles, total = self.articles.search(**criteria)
        return Page(self._all_details(articles, viewer), total)

    def feed(self, user: User, *, limit: int, offset: int) -> Page:
        articles, total = self.articles.feed(user, limit=limit, offset=offset)
        return Page(self._all_details(articles, user), total)

    def favorite(self, slug: str, user: User) -> ArticleDetails:
        article = self.find(slug)
        self.articles.add_favorite(article, user)
        return self._details(article, user)

    def unfavorite(self, slug: str, user: User) -> ArticleDetails:
        article = self.find(slug)
        self.articles.remove_favorite(article, user)
        return self._details(article, user)

    def tags(self) -> list[str]:
        return self.articles.tag_names()

    def find(self, slug: str) -> Article:
        article = self.articles.find_by_slug(slug)
        if article is None:
            raise NotFoundError("article not found")
        return article

    def _find_own(self, slug: str, user: User) -> Article:
        article = self.find(slug)
        if article.author_id != user.id:
            raise ForbiddenError("you are not the author of this article")
        return article

    def _details(self, article: Article, viewer: User | None) -> ArticleDetails:
        return self._all_details([article], viewer)[0]

    def _all_details(self, articles: list[Article], viewer: User | None) -> list[ArticleDetails]:
        """What surrounds the articles, with one query for each kind and not for each article."""
        ids = {article.id for article in articles}
        if not ids:
            return []
        counts = self.articles.favorite_counts(ids)
        favorited = self.articles.favorited_among(viewer, ids) if viewer else set()
        authors = self.users.profiles_of([article.author for article in articles], viewer)
        return [
            ArticleDetails(
                article=article,
                author=authors[article.author_id],
                favorited=article.id in favorited,
                favorites_count=counts.get(article.id, 0),
            )
            for article in articles
        ]

    def _unique_slug(self, title: str) -> str:
        ascii_title = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
        base = re.sub(r"[^a-z0-9]+", "-", ascii_title.lower()).strip("-") or "article"
        slug, number = base, 1
        while self.articles.slug_exists(slug):
            number += 1
            slug = f"{base}-{number}"
        return slug

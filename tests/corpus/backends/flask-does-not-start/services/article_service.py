import re
from datetime import datetime, timezone

from models.article import Article, ArticleFilter, ArticleView
from models.user import User
from repositories import article_repository, user_repository
from services.errors import ForbiddenError, NotFoundError, ValidationError
from services.user_service import build_profile
from services.validation import optional_text, require_text


def timestamp() -> str:
    now = datetime.now(timezone.utc)
    return now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03d}Z"


def create(author: User, data: dict) -> ArticleView:
    title, description, body = require_text(data, "title", "description", "body")
    tags = data.get("tagList") or []
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise ValidationError("tagList must be a list of strings")
    article = article_repository.create(
        _unique_slug(title), title, description, body, tags, author.id, timestamp()
    )
    return build_view(article, author)


def get(slug: str, viewer: User | None) -> ArticleView:
    return build_view(find(slug), viewer)


def update(slug: str, user: User, data: dict) -> ArticleView:
    article = _find_own(slug, user)
    title = optional_text(data, "title")
    description = optional_text(data, "description")
    body = optional_text(data, "body")

    if title and title != article.title:
        article.title = title
        article.slug = _unique_slug(title, article.slug)
    article.description = description or article.description
    article.body = body or article.body
    article.updated_at = timestamp()
    article_repository.save(article)
    return build_view(article, user)


def delete(slug: str, user: User) -> None:
    article_repository.delete(_find_own(slug, user).id)


def search(criteria: ArticleFilter, viewer: User | None) -> tuple[list[ArticleView], int]:
    articles, total = article_repository.search(criteria)
    return [build_view(article, viewer) for article in articles], total


def favorite(slug: str, user: User) -> ArticleView:
    article = find(slug)
    article_repository.add_favorite(user.id, article.id)
    return build_view(article, user)


def unfavorite(slug: str, user: User) -> ArticleView:
    article = find(slug)
    article_repository.remove_favorite(user.id, article.id)
    return build_view(article, user)


def list_tags() -> list[str]:
    return article_repository.all_tags()


def find(slug: str) -> Article:
    article = article_repository.find_by_slug(slug)
    if article is None:
        raise NotFoundError("article not found")
    return article


def build_view(article: Article, viewer: User | None) -> ArticleView:
    author = user_repository.find_by_id(article.author_id)
    return ArticleView(
        article=article,
        tags=article_repository.tags_of(article.id),
        author=build_profile(author, viewer),
        favorited=viewer is not None and article_repository.is_favorited(viewer.id, article.id),
        favorites_count=article_repository.count_favorites(article.id),
    )


def _find_own(slug: str, user: User) -> Article:
    article = find(slug)
    if article.author_id != user.id:
        raise ForbiddenError("you are not the author of this article")
    return article


def _unique_slug(title: str, current: str | None = None) -> str:
    base = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "article"
    slug, suffix = base, 2
    while slug != current and article_repository.slug_exists(slug):
        slug, suffix = f"{base}-{suffix}", suffix + 1
    return slug

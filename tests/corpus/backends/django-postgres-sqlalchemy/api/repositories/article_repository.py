from sqlalchemy import Select, delete, exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, joinedload, selectinload

from api.models import Article, ArticleTag, User, favorites, follows

WITH_RELATIONS = (joinedload(Article.author), selectinload(Article.tags))


class ArticleRepository:
    def __init__(self, session: Session):
        self.session = session

    def find_by_slug(self, slug: str) -> Article | None:
        query = select(Article).where(Article.slug == slug).options(*WITH_RELATIONS)
        return self.session.scalar(query)

    def slug_exists(self, slug: str) -> bool:
        return self.session.scalar(select(exists().where(Article.slug == slug)))

    def add(self, article: Article) -> Article:
        self.session.add(article)
        self.session.commit()
        return article

    def save(self, article: Article) -> Article:
        self.session.commit()
        return article

    def delete(self, article: Article) -> None:
        self.session.delete(article)
        self.session.commit()

    def search(
        self,
        *,
        tag: str | None = None,
        author: str | None = None,
        favorited: str | None = None,
        limit: int = 20,
        offset: int = 0,
    ) -> tuple[list[Article], int]:
        query = select(Article)
        if tag is not None:
            query = query.where(Article.tags.any(ArticleTag.name == tag))
        if author is not None:
            query = query.where(Article.author.has(User.username == author))
        if favorited is not None:
            fans_articles = (
                select(favorites.c.article_id)
                .join(User, User.id == favorites.c.user_id)
                .where(User.username == favorited)
            )
            query = query.where(Article.id.in_(fans_articles))
        return self._page(query, limit, offset)

    def feed(self, user: User, *, limit: int, offset: int) -> tuple[list[Article], int]:
        followed = select(follows.c.followed_id).where(follows.c.follower_id == user.id)
        return self._page(select(Article).where(Article.author_id.in_(followed)), limit, offset)

    def _page(
        self, query: Select[tuple[Article]], limit: int, offset: int
    ) -> tuple[list[Article], int]:
        total = self.session.scalar(select(func.count()).select_from(query.subquery()))
        page = (
            query.options(*WITH_RELATIONS)
            .order_by(Article.created_at.desc(), Article.id.desc())
            .limit(limit)
            .offset(offset)
        )
        return list(self.session.scalars(page)), total

    def tag_names(self) -> list[str]:
        query = select(ArticleTag.name).distinct().order_by(ArticleTag.name)
        return list(self.session.scalars(query))

    def add_favorite(self, article: Article, user: User) -> None:
        row = {"user_id": user.id, "article_id": article.id}
        self.session.execute(insert(favorites).values(row).on_conflict_do_nothing())
        self.session.commit()

    def remove_favorite(self, article: Article, user: User) -> None:
        self.session.execute(
            delete(favorites).where(
                favorites.c.user_id == user.id, favorites.c.article_id == article.id
            )
        )
        self.session.commit()

    def favorite_counts(self, article_ids: set[int]) -> dict[int, int]:
        query = (
            select(favorites.c.article_id, func.count())
            .where(favorites.c.article_id.in_(article_ids))
            .group_by(favorites.c.article_id)
        )
        return {article_id: count for article_id, count in self.session.execute(query)}

    def favorited_among(self, user: User, article_ids: set[int]) -> set[int]:
        """Those of the given articles that `user` has marked as a favorite."""
        query = select(favorites.c.article_id).where(
            favorites.c.user_id == user.id, favorites.c.article_id.in_(article_ids)
        )
        return set(self.session.scalars(query))

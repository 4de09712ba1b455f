from sqlalchemy import func, select

from models import Article, ArticleTag, User, favorites, follows
from repositories.database import SessionLocal


class ArticleRepository:
    def get_by_slug(self, slug: str) -> Article | None:
        with SessionLocal() as session:
            return session.scalar(select(Article).where(Article.slug == slug))

    def add(self, article: Article, tags: list[str]) -> Article:
        with SessionLocal() as session:
            article.tags = [ArticleTag(name=name) for name in dict.fromkeys(tags)]
            session.add(article)
            session.commit()
            return article

    def save(self, article: Article) -> Article:
        with SessionLocal() as session:
            session.commit()
            return article

    def delete(self, article: Article) -> None:
        with SessionLocal() as session:
            session.delete(article)
            session.commit()

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
            query = query.where(Article.favorited_by.any(User.username == favorited))
        return self._page(query, limit, offset)

    def feed(self, user: User, limit: int, offset: int) -> tuple[list[Article], int]:
        followed = select(follows.c.followed_id).where(follows.c.follower_id == user.id)
        return self._page(select(Article).where(Article.author_id.in_(followed)), limit, offset)

    def _page(self, query, limit: int, offset: int) -> tuple[list[Article], int]:
        with SessionLocal() as session:
            total = session.scalar(select(func.count()).select_from(query.subquery()))
            ordered = query.order_by(Article.created_at.desc(), Article.id.desc())
            return list(session.scalars(ordered.limit(limit).offset(offset))), total

    def is_favorited(self, article: Article, user: User) -> bool:
        with SessionLocal() as session:
            query = select(favorites.c.user_id).where(
                favorites.c.article_id == article.id, favorites.c.user_id == user.id
            )
            return session.scalar(query) is not None

    def count_favorites(self, article: Article) -> int:
        with SessionLocal() as session:
            query = (
                select(func.count())
                .select_from(favorites)
                .where(favorites.c.article_id == article.id)
            )
            return session.scalar(query)

    def favorite(self, article: Article, user: User) -> None:
        with SessionLocal() as session:
            if not self.is_favorited(article, user):
                article.favorited_by.append(user)
                session.commit()

    def unfavorite(self, article: Article, user: User) -> None:
        with SessionLocal() as session:
            if self.is_favorited(article, user):
                article.favorited_by.remove(user)
                session.commit()

    def tag_names(self) -> list[str]:
        with SessionLocal() as session:
            query = select(ArticleTag.name).distinct().order_by(ArticleTag.name)
            return list(session.scalars(query))

from sqlalchemy import Select, delete, exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, selectinload

from models import Article, ArticleTag, User, favorites, follows

WITH_RELATIONS = (joinedload(Article.author), selectinload(Article.tags))


class ArticleRepository:
    def __init__(self, session: AsyncSession):
        self.session = session

    async def find_by_slug(self, slug: str) -> Article | None:
        query = select(Article).where(Article.slug == slug).options(*WITH_RELATIONS)
        return await self.session.scalar(query)

    async def slug_exists(self, slug: str) -> bool:
        return await self.session.scalar(select(exists().where(Article.slug == slug)))

    async def add(self, article: Article) -> Article:
        self.session.add(article)
        await self.session.commit()
        return article

    async def save(self, article: Article) -> Article:
        await self.session.commit()
        return article

    async def delete(self, article: Article) -> None:
        await self.session.delete(article)
        await self.session.commit()

    async def search(
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
        return await self._page(query, limit, offset)

    async def feed(self, user: User, *, limit: int, offset: int) -> tuple[list[Article], int]:
        followed = select(follows.c.followed_id).where(follows.c.follower_id == user.id)
        return await self._page(
            select(Article).where(Article.author_id.in_(followed)), limit, offset
        )

    async def _page(
        self, query: Select[tuple[Article]], limit: int, offset: int
    ) -> tuple[list[Article], int]:
        total = await self.session.scalar(select(func.count()).select_from(query.subquery()))
        page = (
            query.options(*WITH_RELATIONS)
            .order_by(Article.created_at.desc(), Article.id.desc())
            .limit(limit)
            .offset(offset)
        )
        return list(await self.session.scalars(page)), total

    async def tag_names(self) -> list[str]:
        query = select(ArticleTag.name).distinct().order_by(ArticleTag.name)
        return list(await self.session.scalars(query))

    async def add_favorite(self, article: Article, user: User) -> None:
        row = {"user_id": user.id, "article_id": article.id}
        await self.session.execute(insert(favorites).values(row).on_conflict_do_nothing())
        await self.session.commit()

    async def remove_favorite(self, article: Article, user: User) -> None:
        await self.session.execute(
            delete(favorites).where(
                favorites.c.user_id == user.id, favorites.c.article_id == article.id
            )
        )
        await self.session.commit()

    async def favorite_counts(self, article_ids: set[int]) -> dict[int, int]:
        query = (
            select(favorites.c.article_id, func.count())
            .where(favorites.c.article_id.in_(article_ids))
            .group_by(favorites.c.article_id)
        )
        return {article_id: count for article_id, count in await self.session.execute(query)}

    async def favorited_among(self, user: User, article_ids: set[int]) -> set[int]:
        """Those of the given articles that `user` has marked as a favorite."""
        query = select(favorites.c.article_id).where(
            favorites.c.user_id == user.id, favorites.c.article_id.in_(article_ids)
        )
        return set(await self.session.scalars(query))

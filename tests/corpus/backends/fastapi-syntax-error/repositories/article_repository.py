from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Article, ArticleTag, User, favorites, follows


class ArticleRepository:
    def __init__(self, session: Session):
        self.session = session

    def get_by_slug(self, slug: str) -> Article | None:
        return self.session.scalar(select(Article).where(Article.slug == slug))

    def add(self, article: Article, tags: list[str]) -> Article:
        article.tags = [ArticleTag(name=name) for name in dict.fromkeys(tags)]
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
            query = query.where(Article.favorited_by.any(User.username == favorited))
        return self._page(query, limit, offset)

    def feed(self, user: User, limit: int, offset: int) -> tuple[list[Article], int]:
        followed = select(follows.c.followed_id).where(follows.c.follower_id == user.id)
        return self._page(select(Article).where(Article.author_id.in_(followed)), limit, offset)

    def _page(self, query, limit: int, offset: int) -> tuple[list[Article], int]:
        total = self.session.scalar(select(func.count()).select_from(query.subquery()))
        ordered = query.order_by(Article.created_at.desc(), Article.id.desc())
        return list(self.session.scalars(ordered.limit(limit).offset(offset))), total

    def is_favorited(self, article: Article, user: User) -> bool:
        query = select(favorites.c.user_id).where(
            favorites.c.article_id == article.id, favorites.c.user_id == user.id
        )
        return self.session.scalar(query) is not None

    def count_favorites(self, article: Article) -> int:
        query = (
            select(func.count()).select_from(favorites).where(favorites.c.article_id == article.id)
        )
        return self.session.scalar(query)

    def favorite(self, article: Article, user: User) -> None:
        if not self.is_favorited(article, user):
            article.favorited_by.append(user)
            self.session.commit()

    def unfavorite(self, article: Article, user: User) -> None:
        if self.is_favorited(article, user):
            article.favorited_by.remove(user)
            self.session.commit()

    def tag_names(self) -> list[str]:
        query = select(ArticleTag.name).distinct().order_by(ArticleTag.name)
        return list(self.session.scalars(query))

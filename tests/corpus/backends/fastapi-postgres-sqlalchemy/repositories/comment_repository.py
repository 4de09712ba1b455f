from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from models import Article, Comment


class CommentRepository:
    def __init__(self, session: AsyncSession):
        self.session = session

    async def find(self, article: Article, comment_id: int) -> Comment | None:
        query = select(Comment).where(Comment.id == comment_id, Comment.article_id == article.id)
        return await self.session.scalar(query)

    async def list_for(self, article: Article) -> list[Comment]:
        query = (
            select(Comment)
            .where(Comment.article_id == article.id)
            .options(joinedload(Comment.author))
            .order_by(Comment.id.desc())
        )
        return list(await self.session.scalars(query))

    async def add(self, comment: Comment) -> Comment:
        self.session.add(comment)
        await self.session.commit()
        return comment

    async def delete(self, comment: Comment) -> None:
        await self.session.delete(comment)
        await self.session.commit()

from models.base import utc_now
from sqlalchemy.ext.asyncio import AsyncSession

from models import Comment, User
from repositories.comment_repository import CommentRepository
from services.article_service import ArticleService
from services.dto import CommentDetails
from services.errors import ForbiddenError, NotFoundError
from services.user_service import UserService
from services.validation import require_text


class CommentService:
    def __init__(self, session: AsyncSession):
        self.comments = CommentRepository(session)
        self.articles = ArticleService(session)
        self.users = UserService(session)

    async def add(self, slug: str, author: User, data: dict) -> CommentDetails:
        article = await self.articles.find(slug)
        (body,) = require_text(data, "body")
        now = utc_now()
        comment = Comment(
            body=body, article_id=article.id, author=author, created_at=now, updated_at=now
        )
        return (await self._details([await self.comments.add(comment)], author))[0]

    async def list_for(self, slug: str, viewer: User | None) -> list[CommentDetails]:
        article = await self.articles.find(slug)
        return await self._details(await self.comments.list_for(article), viewer)

    async def delete(self, slug: str, comment_id: int, user: User) -> None:
        comment = await self.comments.find(await self.articles.find(slug), comment_id)
        if comment is None:
            raise NotFoundError("comment not found")
        if comment.author_id != user.id:
            raise ForbiddenError("you are not the author of this comment")
        await self.comments.delete(comment)

    async def _details(self, comments: list[Comment], viewer: User | None) -> list[CommentDetails]:
        authors = await self.users.profiles_of([comment.author for comment in comments], viewer)
        return [CommentDetails(comment, authors[comment.author_id]) for comment in comments]

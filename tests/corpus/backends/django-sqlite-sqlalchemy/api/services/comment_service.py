from sqlalchemy.orm import Session

from api.models import Comment, User
from api.models.base import utc_now
from api.repositories.comment_repository import CommentRepository
from api.services.article_service import ArticleService
from api.services.dto import CommentDetails
from api.services.errors import ForbiddenError, NotFoundError
from api.services.user_service import UserService
from api.services.validation import require_text


class CommentService:
    def __init__(self, session: Session):
        self.comments = CommentRepository(session)
        self.articles = ArticleService(session)
        self.users = UserService(session)

    def add(self, slug: str, author: User, data: dict) -> CommentDetails:
        article = self.articles.find(slug)
        (body,) = require_text(data, "body")
        now = utc_now()
        comment = Comment(
            body=body, article_id=article.id, author=author, created_at=now, updated_at=now
        )
        return self._details([self.comments.add(comment)], author)[0]

    def list_for(self, slug: str, viewer: User | None) -> list[CommentDetails]:
        article = self.articles.find(slug)
        return self._details(self.comments.list_for(article), viewer)

    def delete(self, slug: str, comment_id: int, user: User) -> None:
        comment = self.comments.find(self.articles.find(slug), comment_id)
        if comment is None:
            raise NotFoundError("comment not found")
        if comment.author_id != user.id:
            raise ForbiddenError("you are not the author of this comment")
        self.comments.delete(comment)

    def _details(self, comments: list[Comment], viewer: User | None) -> list[CommentDetails]:
        authors = self.users.profiles_of([comment.author for comment in comments], viewer)
        return [CommentDetails(comment, authors[comment.author_id]) for comment in comments]

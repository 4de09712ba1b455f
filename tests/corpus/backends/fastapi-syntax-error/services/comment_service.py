from sqlalchemy.orm import Session

from models import Article, Comment, User
from models.base import utc_now
from repositories.comment_repository import CommentRepository
from services.exceptions import Forbidden, NotFound


class CommentService:
    def __init__(self, session: Session):
        self.comments = CommentRepository(session)

    def add(self, article: Article, author: User, body: str) -> Comment:
        now = utc_now()
        comment = Comment(body=body, article=article, author=author, created_at=now, updated_at=now)
        return self.comments.add(comment)

    def list_for(self, article: Article) -> list[Comment]:
        return self.comments.list_for_article(article)

    def delete(self, article: Article, comment_id: int, user: User) -> None:
        comment = self.comments.get(article, comment_id)
        if comment is None:
            raise NotFound("comment not found")
        if comment.author_id != user.id:
            raise Forbidden("you are not the author of this comment")
        self.comments.delete(comment)

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from models import Article, Comment


class CommentRepository:
    def __init__(self, session: Session):
        self.session = session

    def find(self, article: Article, comment_id: int) -> Comment | None:
        query = select(Comment).where(Comment.id == comment_id, Comment.article_id == article.id)
        return self.session.scalar(query)

    def list_for(self, article: Article) -> list[Comment]:
        query = (
            select(Comment)
            .where(Comment.article_id == article.id)
            .options(joinedload(Comment.author))
            .order_by(Comment.id.desc())
        )
        return list(self.session.scalars(query))

    def add(self, comment: Comment) -> Comment:
        self.session.add(comment)
        self.session.commit()
        return comment

    def delete(self, comment: Comment) -> None:
        self.session.delete(comment)
        self.session.commit()

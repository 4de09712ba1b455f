from sqlalchemy import select

from models import Article, Comment
from repositories.database import SessionLocal


class CommentRepository:
    def get(self, article: Article, comment_id: int) -> Comment | None:
        with SessionLocal() as session:
            query = select(Comment).where(
                Comment.id == comment_id, Comment.article_id == article.id
            )
            return session.scalar(query)

    def list_for_article(self, article: Article) -> list[Comment]:
        with SessionLocal() as session:
            query = (
                select(Comment).where(Comment.article_id == article.id).order_by(Comment.id.desc())
            )
            return list(session.scalars(query))

    def add(self, comment: Comment) -> Comment:
        with SessionLocal() as session:
            session.add(comment)
            session.commit()
            return comment

    def delete(self, comment: Comment) -> None:
        with SessionLocal() as session:
            session.delete(comment)
            session.commit()

from models.comment import Comment, CommentView
from models.user import User
from repositories import comment_repository, user_repository
from services.article_service import find, timestamp
from services.errors import ForbiddenError, NotFoundError
from services.user_service import build_profile
from services.validation import require_text


def add(slug: str, author: User, data: dict) -> CommentView:
    article = find(slug)
    (body,) = require_text(data, "body")
    comment = comment_repository.create(article.id, author.id, body, timestamp())
    return _build_view(comment, author)


def list_for(slug: str, viewer: User | None) -> list[CommentView]:
    article = find(slug)
    return [
        _build_view(comment, viewer) for comment in comment_repository.list_for_article(article.id)
    ]


def delete(slug: str, comment_id: int, user: User) -> None:
    article = find(slug)
    comment = comment_repository.find(article.id, comment_id)
    if comment is None:
        raise NotFoundError("comment not found")
    if comment.author_id != user.id:
        raise ForbiddenError("you are not the author of this comment")
    comment_repository.delete(comment.id)


def _build_view(comment: Comment, viewer: User | None) -> CommentView:
    author = user_repository.find_by_id(comment.author_id)
    return CommentView(comment, build_profile(author, viewer))

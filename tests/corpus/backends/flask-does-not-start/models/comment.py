from dataclasses import dataclass

from models.user import Profile


@dataclass
class Comment:
    id: int
    article_id: int
    author_id: int
    body: str
    created_at: str
    updated_at: str


@dataclass
class CommentView:
    comment: Comment
    author: Profile

from api.models.article import Article, ArticleTag, favorites
from api.models.base import Base
from api.models.comment import Comment
from api.models.user import User, follows

__all__ = ["Article", "ArticleTag", "Base", "Comment", "User", "favorites", "follows"]

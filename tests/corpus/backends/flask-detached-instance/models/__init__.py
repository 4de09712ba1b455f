from models.article import Article, ArticleTag, favorites
from models.base import Base
from models.comment import Comment
from models.user import User, follows

__all__ = ["Article", "ArticleTag", "Base", "Comment", "User", "favorites", "follows"]

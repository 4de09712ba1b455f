from typing import Annotated

from fastapi import Depends, Header

from models import User
from services.article_service import ArticleService
from services.comment_service import CommentService
from services.exceptions import Unauthorized
from services.user_service import UserService

Users = Annotated[UserService, Depends(UserService)]
Articles = Annotated[ArticleService, Depends(ArticleService)]
Comments = Annotated[CommentService, Depends(CommentService)]


def optional_user(
    users: Users, authorization: Annotated[str | None, Header()] = None
) -> User | None:
    scheme, _, token = (authorization or "").partition(" ")
    if scheme != "Token" or not token:
        return None
    return users.from_token(token)


OptionalUser = Annotated[User | None, Depends(optional_user)]


def required_user(user: OptionalUser) -> User:
    if user is None:
        raise Unauthorized("authentication required")
    return user


CurrentUser = Annotated[User, Depends(required_user)]

from typing import Annotated

from fastapi import Depends, Header
from sqlalchemy.orm import Session

from models import User
from services.article_service import ArticleService
from services.comment_service import CommentService
from services.exceptions import Unauthorized
from services.unit_of_work import unit_of_work
from services.user_service import UserService

SessionDep = Annotated[Session, Depends(unit_of_work)]


def user_service(session: SessionDep) -> UserService:
    return UserService(session)


def article_service(session: SessionDep) -> ArticleService:
    return ArticleService(session)


def comment_service(session: SessionDep) -> CommentService:
    return CommentService(session)


Users = Annotated[UserService, Depends(user_service)]
Articles = Annotated[ArticleService, Depends(article_service)]
Comments = Annotated[CommentService, Depends(comment_service)]


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

from typing import Annotated

from fastapi import Depends, Header
from services.unit_of_work import unit_of_work
from sqlalchemy.ext.asyncio import AsyncSession

from models import User
from services.article_service import ArticleService
from services.comment_service import CommentService
from services.errors import UnauthorizedError
from services.user_service import UserService

SessionDep = Annotated[AsyncSession, Depends(unit_of_work)]


def user_service(session: SessionDep) -> UserService:
    return UserService(session)


def article_service(session: SessionDep) -> ArticleService:
    return ArticleService(session)


def comment_service(session: SessionDep) -> CommentService:
    return CommentService(session)


Users = Annotated[UserService, Depends(user_service)]
Articles = Annotated[ArticleService, Depends(article_service)]
Comments = Annotated[CommentService, Depends(comment_service)]


async def optional_user(
    users: Users, authorization: Annotated[str | None, Header()] = None
) -> User | None:
    return await users.authenticate(authorization)


OptionalUser = Annotated[User | None, Depends(optional_user)]


async def required_user(user: OptionalUser) -> User:
    if user is None:
        raise UnauthorizedError("authentication required")
    return user


CurrentUser = Annotated[User, Depends(required_user)]

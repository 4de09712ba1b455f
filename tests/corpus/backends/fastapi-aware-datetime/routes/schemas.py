from typing import Annotated

from pydantic import BaseModel, StringConstraints

Text = Annotated[str, StringConstraints(min_length=1)]


class LoginUser(BaseModel):
    email: Text
    password: Text


class LoginRequest(BaseModel):
    user: LoginUser


class NewUser(BaseModel):
    username: Text
    email: Text
    password: Text


class NewUserRequest(BaseModel):
    user: NewUser


class UpdateUser(BaseModel):
    username: Text | None = None
    email: Text | None = None
    password: Text | None = None
    bio: str | None = None
    image: str | None = None


class UpdateUserRequest(BaseModel):
    user: UpdateUser


class NewArticle(BaseModel):
    title: Text
    description: Text
    body: Text
    tagList: list[str] = []


class NewArticleRequest(BaseModel):
    article: NewArticle


class UpdateArticle(BaseModel):
    title: Text | None = None
    description: Text | None = None
    body: Text | None = None


class UpdateArticleRequest(BaseModel):
    article: UpdateArticle


class NewComment(BaseModel):
    body: Text


class NewCommentRequest(BaseModel):
    comment: NewComment

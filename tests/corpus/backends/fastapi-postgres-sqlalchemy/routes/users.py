from fastapi import APIRouter, status

from models import User
from routes.dependencies import CurrentUser, Users
from routes.schemas import LoginRequest, NewUserRequest, UpdateUserRequest
from routes.serializers import user_json

router = APIRouter(tags=["User and Authentication"])


def user_response(user: User, users: Users) -> dict:
    return {"user": user_json(user, users.token_for(user))}


@router.post("/users", status_code=status.HTTP_201_CREATED)
async def register(payload: NewUserRequest, users: Users):
    return user_response(await users.register(payload.user.model_dump()), users)


@router.post("/users/login")
async def login(payload: LoginRequest, users: Users):
    return user_response(await users.login(payload.user.model_dump()), users)


@router.get("/user")
async def get_current_user(user: CurrentUser, users: Users):
    return user_response(user, users)


@router.put("/user")
async def update_current_user(payload: UpdateUserRequest, user: CurrentUser, users: Users):
    changes = payload.user.model_dump(exclude_unset=True)
    return user_response(await users.update(user, changes), users)

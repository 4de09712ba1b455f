from fastapi import APIRouter, status

from routes.dependencies import CurrentUser, Users
from routes.presenters import present_user
from routes.schemas import LoginRequest, NewUserRequest, UpdateUserRequest

router = APIRouter(tags=["User and Authentication"])


@router.post("/users", status_code=status.HTTP_201_CREATED)
def register(payload: NewUserRequest, users: Users):
    data = payload.user
    return present_user(users.register(data.username, data.email, data.password), users)


@router.post("/users/login")
def login(payload: LoginRequest, users: Users):
    return present_user(users.login(payload.user.email, payload.user.password), users)


@router.get("/user")
def get_current_user(user: CurrentUser, users: Users):
    return present_user(user, users)


@router.put("/user")
def update_current_user(payload: UpdateUserRequest, user: CurrentUser, users: Users):
    return present_user(users.update(user, payload.user.model_dump(exclude_unset=True)), users)

from fastapi import APIRouter

from routes.dependencies import CurrentUser, OptionalUser, Users
from routes.presenters import present_profile

router = APIRouter(prefix="/profiles", tags=["Profile"])


@router.get("/{username}")
def get_profile(username: str, viewer: OptionalUser, users: Users):
    return {"profile": present_profile(users.get_by_username(username), viewer, users)}


@router.post("/{username}/follow")
def follow_user(username: str, viewer: CurrentUser, users: Users):
    return {"profile": present_profile(users.follow(viewer, username), viewer, users)}


@router.delete("/{username}/follow")
def unfollow_user(username: str, viewer: CurrentUser, users: Users):
    return {"profile": present_profile(users.unfollow(viewer, username), viewer, users)}

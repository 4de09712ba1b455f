from fastapi import APIRouter

from routes.dependencies import CurrentUser, OptionalUser, Users
from routes.serializers import profile_json

router = APIRouter(prefix="/profiles", tags=["Profile"])


@router.get("/{username}")
async def get_profile(username: str, viewer: OptionalUser, users: Users):
    return {"profile": profile_json(await users.profile(username, viewer))}


@router.post("/{username}/follow")
async def follow_user(username: str, viewer: CurrentUser, users: Users):
    return {"profile": profile_json(await users.follow(viewer, username))}


@router.delete("/{username}/follow")
async def unfollow_user(username: str, viewer: CurrentUser, users: Users):
    return {"profile": profile_json(await users.unfollow(viewer, username))}

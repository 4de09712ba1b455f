from fastapi import APIRouter, Response, status

from routes.dependencies import Comments, CurrentUser, OptionalUser
from routes.schemas import NewCommentRequest
from routes.serializers import comment_json

router = APIRouter(prefix="/articles/{slug}/comments", tags=["Comments"])


@router.get("")
async def list_comments(slug: str, viewer: OptionalUser, comments: Comments):
    found = await comments.list_for(slug, viewer)
    return {"comments": [comment_json(details) for details in found]}


@router.post("")
async def create_comment(
    slug: str, payload: NewCommentRequest, viewer: CurrentUser, comments: Comments
):
    details = await comments.add(slug, viewer, payload.comment.model_dump())
    return {"comment": comment_json(details)}


@router.delete("/{comment_id}")
async def delete_comment(slug: str, comment_id: int, viewer: CurrentUser, comments: Comments):
    await comments.delete(slug, comment_id, viewer)
    return Response(status_code=status.HTTP_200_OK)

from fastapi import APIRouter, Response, status

from routes.dependencies import Articles, Comments, CurrentUser, OptionalUser, Users
from routes.presenters import present_comment
from routes.schemas import NewCommentRequest

router = APIRouter(prefix="/articles/{slug}/comments", tags=["Comments"])


@router.get("")
def list_comments(
    slug: str, viewer: OptionalUser, articles: Articles, comments: Comments, users: Users
):
    found = comments.list_for(articles.get(slug))
    return {"comments": [present_comment(comment, viewer, users) for comment in found]}


@router.post("")
def create_comment(
    slug: str,
    payload: NewCommentRequest,
    viewer: CurrentUser,
    articles: Articles,
    comments: Comments,
    users: Users,
):
    comment = comments.add(articles.get(slug), viewer, payload.comment.body)
    return {"comment": present_comment(comment, viewer, users)}


@router.delete("/{comment_id}")
def delete_comment(
    slug: str, comment_id: int, viewer: CurrentUser, articles: Articles, comments: Comments
):
    comments.delete(articles.get(slug), comment_id, viewer)
    return Response(status_code=status.HTTP_200_OK)

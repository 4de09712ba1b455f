from typing import Annotated

from fastapi import APIRouter, Query, Response, status

from routes.dependencies import Articles, CurrentUser, OptionalUser
from routes.schemas import NewArticleRequest, UpdateArticleRequest
from routes.serializers import article_json, page_json

router = APIRouter(prefix="/articles", tags=["Articles"])

Limit = Annotated[int, Query(ge=1)]
Offset = Annotated[int, Query(ge=0)]


@router.get("")
async def list_articles(
    viewer: OptionalUser,
    articles: Articles,
    tag: str | None = None,
    author: str | None = None,
    favorited: str | None = None,
    limit: Limit = 20,
    offset: Offset = 0,
):
    page = await articles.search(
        viewer, tag=tag, author=author, favorited=favorited, limit=limit, offset=offset
    )
    return page_json(page)


@router.get("/feed")
async def feed(viewer: CurrentUser, articles: Articles, limit: Limit = 20, offset: Offset = 0):
    return page_json(await articles.feed(viewer, limit=limit, offset=offset))


@router.post("", status_code=status.HTTP_201_CREATED)
async def create_article(payload: NewArticleRequest, viewer: CurrentUser, articles: Articles):
    details = await articles.create(viewer, payload.article.model_dump())
    return {"article": article_json(details)}


@router.get("/{slug}")
async def get_article(slug: str, viewer: OptionalUser, articles: Articles):
    return {"article": article_json(await articles.get(slug, viewer))}


@router.put("/{slug}")
async def update_article(
    slug: str, payload: UpdateArticleRequest, viewer: CurrentUser, articles: Articles
):
    changes = payload.article.model_dump(exclude_unset=True)
    return {"article": article_json(await articles.update(slug, viewer, changes))}


@router.delete("/{slug}")
async def delete_article(slug: str, viewer: CurrentUser, articles: Articles):
    await articles.delete(slug, viewer)
    return Response(status_code=status.HTTP_200_OK)


@router.post("/{slug}/favorite")
async def favorite_article(slug: str, viewer: CurrentUser, articles: Articles):
    return {"article": article_json(await articles.favorite(slug, viewer))}


@router.delete("/{slug}/favorite")
async def unfavorite_article(slug: str, viewer: CurrentUser, articles: Articles):
    return {"article": article_json(await articles.unfavorite(slug, viewer))}

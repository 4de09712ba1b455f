from typing import Annotated

from fastapi import APIRouter, Query, Response, status

from routes.dependencies import Articles, CurrentUser, OptionalUser, Users
from routes.presenters import present_article
from routes.schemas import ArticleFilters, NewArticleRequest, UpdateArticleRequest

router = APIRouter(prefix="/articles", tags=["Articles"])

Limit = Annotated[int, Query(ge=1)]
Offset = Annotated[int, Query(ge=0)]


@router.get("")
def list_articles(
    filters: Annotated[ArticleFilters, Query()],
    viewer: OptionalUser,
    articles: Articles,
    users: Users,
):
    found, total = articles.search(filters)
    return {
        "articles": [present_article(article, viewer, articles, users) for article in found],
        "articlesCount": total,
    }


@router.get("/feed")
def feed(
    viewer: CurrentUser,
    articles: Articles,
    users: Users,
    limit: Limit = 20,
    offset: Offset = 0,
):
    found, total = articles.feed(viewer, limit, offset)
    return {
        "articles": [present_article(article, viewer, articles, users) for article in found],
        "articlesCount": total,
    }


@router.post("", status_code=status.HTTP_201_CREATED)
def create_article(
    payload: NewArticleRequest, viewer: CurrentUser, articles: Articles, users: Users
):
    article = articles.create(viewer, payload.article)
    return {"article": present_article(article, viewer, articles, users)}


@router.get("/{slug}")
def get_article(slug: str, viewer: OptionalUser, articles: Articles, users: Users):
    return {"article": present_article(articles.get(slug), viewer, articles, users)}


@router.put("/{slug}")
def update_article(
    slug: str,
    payload: UpdateArticleRequest,
    viewer: CurrentUser,
    articles: Articles,
    users: Users,
):
    article = articles.update(slug, viewer, payload.article.model_dump(exclude_unset=True))
    return {"article": present_article(article, viewer, articles, users)}


@router.delete("/{slug}")
def delete_article(slug: str, viewer: CurrentUser, articles: Articles):
    articles.delete(slug, viewer)
    return Response(status_code=status.HTTP_200_OK)


@router.post("/{slug}/favorite")
def favorite_article(slug: str, viewer: CurrentUser, articles: Articles, users: Users):
    article = articles.favorite(slug, viewer)
    return {"article": present_article(article, viewer, articles, users)}


@router.delete("/{slug}/favorite")
def unfavorite_article(slug: str, viewer: CurrentUser, articles: Articles, users: Users):
    article = articles.unfavorite(slug, viewer)
    return {"article": present_article(article, viewer, articles, users)}

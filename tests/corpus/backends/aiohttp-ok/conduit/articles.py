from aiohttp import web

from conduit.errors import ApiError, not_found
from conduit.middleware import current_user, login_required
from conduit.parsing import int_query, read_object, required
from conduit.serializers import article_to_dict
from conduit.store import STORE, Article, now

routes = web.RouteTableDef()


def find_article(request: web.Request) -> Article:
    article = request.app[STORE].articles.get(request.match_info["slug"])
    if article is None:
        raise not_found("article")
    return article


def find_own_article(request: web.Request) -> Article:
    article = find_article(request)
    if article.author is not current_user(request):
        raise ApiError(403, "you are not the author of this article")
    return article


def article_response(request: web.Request, article: Article, status: int = 200) -> web.Response:
    return web.json_response(
        {"article": article_to_dict(article, current_user(request))}, status=status
    )


def page_response(request: web.Request, articles: list[Article]) -> web.Response:
    limit = int_query(request, "limit", 20, 1)
    offset = int_query(request, "offset", 0, 0)
    viewer = current_user(request)
    page = [article_to_dict(article, viewer) for article in articles[offset : offset + limit]]
    return web.json_response({"articles": page, "articlesCount": len(articles)})


@routes.get("/api/articles")
async def list_articles(request: web.Request) -> web.Response:
    store = request.app[STORE]
    articles = store.newest_first()
    if (tag := request.query.get("tag")) is not None:
        articles = [article for article in articles if tag in article.tags]
    if (author := request.query.get("author")) is not None:
        articles = [article for article in articles if article.author.username == author]
    if (favorited := request.query.get("favorited")) is not None:
        fan = store.user_by_username(favorited)
        articles = [article for article in articles if fan and fan.id in article.favorited_by]
    return page_response(request, articles)


@routes.get("/api/articles/feed")
@login_required
async def feed(request: web.Request) -> web.Response:
    following = current_user(request).following
    articles = request.app[STORE].newest_first()
    return page_response(request, [a for a in articles if a.author.id in following])


@routes.post("/api/articles")
@login_required
async def create_article(request: web.Request) -> web.Response:
    data = await read_object(request, "article")
    title, description, body = required(data, "title", "description", "body")
    tags = data.get("tagList") or []
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise ApiError(422, "tagList must be a list of strings")
    article = request.app[STORE].add_article(current_user(request), title, description, body, tags)
    return article_response(request, article, 201)


@routes.get("/api/articles/{slug}")
async def get_article(request: web.Request) -> web.Response:
    return article_response(request, find_article(request))


@routes.put("/api/articles/{slug}")
@login_required
async def update_article(request: web.Request) -> web.Response:
    article = find_own_article(request)
    data = await read_object(request, "article")
    required(data, *(name for name in ("title", "description", "body") if name in data))
    if "title" in data and data["title"] != article.title:
        request.app[STORE].retitle(article, data["title"])
    article.description = data.get("description", article.description)
    article.body = data.get("body", article.body)
    article.updated_at = now()
    return article_response(request, article)


@routes.delete("/api/articles/{slug}")
@login_required
async def delete_article(request: web.Request) -> web.Response:
    article = find_own_article(request)
    del request.app[STORE].articles[article.slug]
    return web.Response(status=200)


@routes.post("/api/articles/{slug}/favorite")
@login_required
async def favorite_article(request: web.Request) -> web.Response:
    article = find_article(request)
    article.favorited_by.add(current_user(request).id)
    return article_response(request, article)


@routes.delete("/api/articles/{slug}/favorite")
@login_required
async def unfavorite_article(request: web.Request) -> web.Response:
    article = find_article(request)
    article.favorited_by.discard(current_user(request).id)
    return article_response(request, article)


@routes.get("/api/tags")
async def list_tags(request: web.Request) -> web.Response:
    return web.json_response({"tags": request.app[STORE].tags()})

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse

from api.exceptions import ApiError
from api.models import Article, Tag
from api.serializers import serialize_article
from api.views.base import ApiView, present, require


def get_article_or_404(slug: str) -> Article:
    article = Article.objects.select_related("author").filter(slug=slug).first()
    if article is None:
        raise ApiError(404, "article not found")
    return article


class ArticlePageMixin:
    def page(self, articles: QuerySet[Article]) -> JsonResponse:
        limit = self.int_query("limit", 20, 1)
        offset = self.int_query("offset", 0, 0)
        page = articles.select_related("author")[offset : offset + limit]
        return JsonResponse(
            {
                "articles": [serialize_article(article, self.viewer) for article in page],
                "articlesCount": articles.count(),
            }
        )


class ArticleListView(ArticlePageMixin, ApiView):
    auth_methods = ("POST",)

    def get(self, request: HttpRequest) -> JsonResponse:
        articles = Article.objects.all()
        if "tag" in request.GET:
            articles = articles.filter(tags__name=request.GET["tag"])
        if "author" in request.GET:
            articles = articles.filter(author__username=request.GET["author"])
        if "favorited" in request.GET:
            articles = articles.filter(favorited_by__username=request.GET["favorited"])
        return self.page(articles)

    @transaction.atomic
    def post(self, request: HttpRequest) -> JsonResponse:
        data = self.payload("article")
        title, description, body = require(data, "title", "description", "body")
        names = data.get("tagList") or []
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise ApiError(422, "tagList must be a list of strings")
        article = Article(title=title, description=description, body=body, author=self.viewer)
        article.assign_slug()
        article.save()
        article.tags.set([Tag.objects.get_or_create(name=name)[0] for name in names])
        return JsonResponse({"article": serialize_article(article, self.viewer)}, status=201)


class FeedView(ArticlePageMixin, ApiView):
    auth_methods = ("GET",)

    def get(self, request: HttpRequest) -> JsonResponse:
        return self.page(Article.objects.filter(author__in=self.viewer.following.all()))


class ArticleView(ApiView):
    auth_methods = ("PUT", "DELETE")

    def own_article(self, slug: str) -> Article:
        article = get_article_or_404(slug)
        if article.author_id != self.viewer.pk:
            raise ApiError(403, "you are not the author of this article")
        return article

    def get(self, request: HttpRequest, slug: str) -> JsonResponse:
        return JsonResponse({"article": serialize_article(get_article_or_404(slug), self.viewer)})

    def put(self, request: HttpRequest, slug: str) -> JsonResponse:
        article, data = self.own_article(slug), self.payload("article")
        fields = present(data, "title", "description", "body")
        require(data, *fields)
        if "title" in fields and data["title"] != article.title:
            article.title = data["title"]
            article.assign_slug()
        article.description = data.get("description", article.description)
        article.body = data.get("body", article.body)
        article.save()
        return JsonResponse({"article": serialize_article(article, self.viewer)})

    def delete(self, request: HttpRequest, slug: str) -> HttpResponse:
        self.own_article(slug).delete()
        return HttpResponse(status=200)


class FavoriteView(ApiView):
    auth_methods = ("POST", "DELETE")

    def post(self, request: HttpRequest, slug: str) -> JsonResponse:
        article = get_article_or_404(slug)
        article.favorited_by.add(self.viewer)
        return JsonResponse({"article": serialize_article(article, self.viewer)})

    def delete(self, request: HttpRequest, slug: str) -> JsonResponse:
        article = get_article_or_404(slug)
        article.favorited_by.remove(self.viewer)
        return JsonResponse({"article": serialize_article(article, self.viewer)})


class TagListView(ApiView):
    def get(self, request: HttpRequest) -> JsonResponse:
        names = Tag.objects.filter(articles__isnull=False).distinct().values_list("name", flat=True)
        return JsonResponse({"tags": list(names)})

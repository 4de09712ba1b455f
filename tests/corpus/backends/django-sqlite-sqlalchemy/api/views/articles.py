from django.http import HttpRequest, HttpResponse, JsonResponse

from api.services.dto import ArticleDetails
from api.views.base import ApiView
from api.views.serializers import article_json, page_json


def article_response(details: ArticleDetails, status: int = 200) -> JsonResponse:
    return JsonResponse({"article": article_json(details)}, status=status)


class ArticleListView(ApiView):
    auth_methods = ("POST",)

    def get(self, request: HttpRequest) -> JsonResponse:
        criteria = {name: request.GET.get(name) for name in ("tag", "author", "favorited")}
        return JsonResponse(
            page_json(self.articles.search(self.viewer, **criteria, **self.paging()))
        )

    def post(self, request: HttpRequest) -> JsonResponse:
        return article_response(self.articles.create(self.viewer, self.payload("article")), 201)


class FeedView(ApiView):
    auth_methods = ("GET",)

    def get(self, request: HttpRequest) -> JsonResponse:
        return JsonResponse(page_json(self.articles.feed(self.viewer, **self.paging())))


class ArticleView(ApiView):
    auth_methods = ("PUT", "DELETE")

    def get(self, request: HttpRequest, slug: str) -> JsonResponse:
        return article_response(self.articles.get(slug, self.viewer))

    def put(self, request: HttpRequest, slug: str) -> JsonResponse:
        return article_response(self.articles.update(slug, self.viewer, self.payload("article")))

    def delete(self, request: HttpRequest, slug: str) -> HttpResponse:
        self.articles.delete(slug, self.viewer)
        return HttpResponse(status=200)


class FavoriteView(ApiView):
    auth_methods = ("POST", "DELETE")

    def post(self, request: HttpRequest, slug: str) -> JsonResponse:
        return article_response(self.articles.favorite(slug, self.viewer))

    def delete(self, request: HttpRequest, slug: str) -> JsonResponse:
        return article_response(self.articles.unfavorite(slug, self.viewer))


class TagListView(ApiView):
    def get(self, request: HttpRequest) -> JsonResponse:
        return JsonResponse({"tags": self.articles.tags()})

from django.http import HttpRequest, HttpResponse, JsonResponse

from api.views.base import ApiView
from api.views.serializers import comment_json


class CommentListView(ApiView):
    auth_methods = ("POST",)

    def get(self, request: HttpRequest, slug: str) -> JsonResponse:
        found = self.comments.list_for(slug, self.viewer)
        return JsonResponse({"comments": [comment_json(details) for details in found]})

    def post(self, request: HttpRequest, slug: str) -> JsonResponse:
        details = self.comments.add(slug, self.viewer, self.payload("comment"))
        return JsonResponse({"comment": comment_json(details)})


class CommentView(ApiView):
    auth_methods = ("DELETE",)

    def delete(self, request: HttpRequest, slug: str, comment_id: int) -> HttpResponse:
        self.comments.delete(slug, comment_id, self.viewer)
        return HttpResponse(status=200)

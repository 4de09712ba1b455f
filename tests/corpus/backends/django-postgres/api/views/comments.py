from django.http import HttpRequest, HttpResponse, JsonResponse

from api.exceptions import ApiError
from api.models import Comment
from api.serializers import serialize_comment
from api.views.articles import get_article_or_404
from api.views.base import ApiView, require


class CommentListView(ApiView):
    auth_methods = ("POST",)

    def get(self, request: HttpRequest, slug: str) -> JsonResponse:
        comments = get_article_or_404(slug).comments.select_related("author")
        return JsonResponse(
            {"comments": [serialize_comment(comment, self.viewer) for comment in comments]}
        )

    def post(self, request: HttpRequest, slug: str) -> JsonResponse:
        article = get_article_or_404(slug)
        (body,) = require(self.payload("comment"), "body")
        comment = Comment.objects.create(article=article, author=self.viewer, body=body)
        return JsonResponse({"comment": serialize_comment(comment, self.viewer)})


class CommentView(ApiView):
    auth_methods = ("DELETE",)

    def delete(self, request: HttpRequest, slug: str, comment_id: int) -> HttpResponse:
        comment = get_article_or_404(slug).comments.filter(pk=comment_id).first()
        if comment is None:
            raise ApiError(404, "comment not found")
        if comment.author_id != self.viewer.pk:
            raise ApiError(403, "you are not the author of this comment")
        comment.delete()
        return HttpResponse(status=200)

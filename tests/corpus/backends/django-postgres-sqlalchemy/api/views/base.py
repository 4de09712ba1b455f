import json

from django.http import HttpRequest, JsonResponse
from django.views import View

from api.models import User
from api.services.article_service import ArticleService
from api.services.comment_service import CommentService
from api.services.errors import UnauthorizedError, ValidationError
from api.services.user_service import UserService


class ApiView(View):
    """Base view: `auth_methods` names the HTTP methods that need a logged-in user."""

    auth_methods: tuple[str, ...] = ()

    def dispatch(self, request: HttpRequest, *args, **kwargs):
        if request.method in self.auth_methods and request.user is None:
            raise UnauthorizedError("authentication required")
        return super().dispatch(request, *args, **kwargs)

    @property
    def viewer(self) -> User | None:
        return self.request.user

    @property
    def users(self) -> UserService:
        return UserService(self.request.session)

    @property
    def articles(self) -> ArticleService:
        return ArticleService(self.request.session)

    @property
    def comments(self) -> CommentService:
        return CommentService(self.request.session)

    def payload(self, key: str) -> dict:
        try:
            data = json.loads(self.request.body)
        except ValueError:
            raise ValidationError("request body is not valid JSON") from None
        if not isinstance(data, dict) or not isinstance(data.get(key), dict):
            raise ValidationError(f"{key} is required")
        return data[key]

    def paging(self) -> dict[str, int]:
        return {"limit": self._int_query("limit", 20, 1), "offset": self._int_query("offset", 0, 0)}

    def _int_query(self, name: str, default: int, minimum: int) -> int:
        try:
            value = int(self.request.GET.get(name, default))
        except ValueError:
            raise ValidationError(f"{name} must be an integer") from None
        if value < minimum:
            raise ValidationError(f"{name} must be at least {minimum}")
        return value


def health_check(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})

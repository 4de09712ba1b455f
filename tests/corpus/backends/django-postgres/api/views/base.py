import json

from django.http import HttpRequest, JsonResponse
from django.views import View

from api.exceptions import ApiError
from api.models import User


class ApiView(View):
    """Base view: `auth_methods` names the HTTP methods that need a logged-in user."""

    auth_methods: tuple[str, ...] = ()

    def dispatch(self, request: HttpRequest, *args, **kwargs):
        if request.method in self.auth_methods and request.user is None:
            raise ApiError(401, "authentication required")
        return super().dispatch(request, *args, **kwargs)

    @property
    def viewer(self) -> User | None:
        return self.request.user

    def payload(self, key: str) -> dict:
        try:
            data = json.loads(self.request.body)
        except ValueError:
            raise ApiError(422, "request body is not valid JSON") from None
        if not isinstance(data, dict) or not isinstance(data.get(key), dict):
            raise ApiError(422, f"{key} is required")
        return data[key]

    def int_query(self, name: str, default: int, minimum: int) -> int:
        try:
            value = int(self.request.GET.get(name, default))
        except ValueError:
            raise ApiError(422, f"{name} must be an integer") from None
        if value < minimum:
            raise ApiError(422, f"{name} must be at least {minimum}")
        return value


def require(data: dict, *names: str) -> list[str]:
    errors = [
        f"{name} can't be blank"
        for name in names
        if not isinstance(data.get(name), str) or not data[name].strip()
    ]
    if errors:
        raise ApiError(422, *errors)
    return [data[name] for name in names]


def present(data: dict, *names: str) -> list[str]:
    return [name for name in names if name in data]


def health_check(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})

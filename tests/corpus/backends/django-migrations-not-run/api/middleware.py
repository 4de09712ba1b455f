from django.http import HttpRequest, HttpResponse, JsonResponse

from api.exceptions import ApiError
from api.models import User
from api.tokens import read_token


class JsonErrorMiddleware:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception):
        if isinstance(exception, ApiError):
            return JsonResponse({"errors": {"body": exception.messages}}, status=exception.status)
        return None


class TokenAuthMiddleware:
    """Sets request.user to the owner of the `Authorization: Token ...` header, or None."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.user = None
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme == "Token":
            user_id = read_token(token.strip())
            if user_id is not None:
                request.user = User.objects.filter(pk=user_id).first()
        return self.get_response(request)

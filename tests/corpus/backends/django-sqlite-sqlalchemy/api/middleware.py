from django.http import HttpRequest, HttpResponse, JsonResponse

from api.repositories.database import SessionLocal
from api.services.errors import ServiceError
from api.services.user_service import UserService


class DatabaseSessionMiddleware:
    """Opens request.session for one request."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with SessionLocal() as session:
            request.session = session
            return self.get_response(request)


class JsonErrorMiddleware:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception):
        if isinstance(exception, ServiceError):
            return JsonResponse({"errors": {"body": exception.messages}}, status=exception.status)
        return None


class TokenAuthMiddleware:
    """Sets request.user to the owner of the `Authorization: Token ...` header, or None."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        users = UserService(request.session)
        request.user = users.authenticate(request.headers.get("Authorization"))
        return self.get_response(request)

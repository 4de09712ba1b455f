from django.http import HttpRequest, JsonResponse

from api.exceptions import ApiError
from api.models import User
from api.serializers import serialize_user
from api.views.base import ApiView, present, require


def user_response(user: User, status: int = 200) -> JsonResponse:
    return JsonResponse({"user": serialize_user(user)}, status=status)


def ensure_unique(user: User) -> None:
    others = User.objects.exclude(pk=user.pk)
    errors = [
        f"{field} has already been taken"
        for field in ("username", "email")
        if others.filter(**{field: getattr(user, field)}).exists()
    ]
    if errors:
        raise ApiError(422, *errors)


class RegisterView(ApiView):
    def post(self, request: HttpRequest) -> JsonResponse:
        username, email, password = require(self.payload("user"), "username", "email", "password")
        user = User(username=username, email=email)
        ensure_unique(user)
        user.set_password(password)
        user.save()
        return user_response(user, 201)


class LoginView(ApiView):
    def post(self, request: HttpRequest) -> JsonResponse:
        email, password = require(self.payload("user"), "email", "password")
        user = User.objects.filter(email=email).first()
        if user is None or not user.check_password(password):
            raise ApiError(401, "email or password is invalid")
        return user_response(user)


class CurrentUserView(ApiView):
    auth_methods = ("GET", "PUT")

    def get(self, request: HttpRequest) -> JsonResponse:
        return user_response(self.viewer)

    def put(self, request: HttpRequest) -> JsonResponse:
        user, data = self.viewer, self.payload("user")
        require(data, *present(data, "username", "email", "password"))
        user.username = data.get("username", user.username)
        user.email = data.get("email", user.email)
        for field in present(data, "bio", "image"):
            if not isinstance(data[field], str | None):
                raise ApiError(422, f"{field} must be a string")
            setattr(user, field, data[field] or "")
        ensure_unique(user)
        if "password" in data:
            user.set_password(data["password"])
        user.save()
        return user_response(user)

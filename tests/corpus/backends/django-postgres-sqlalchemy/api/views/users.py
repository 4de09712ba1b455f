from django.http import HttpRequest, JsonResponse

from api.models import User
from api.views.base import ApiView
from api.views.serializers import user_json


class UserView(ApiView):
    def user_response(self, user: User, status: int = 200) -> JsonResponse:
        return JsonResponse({"user": user_json(user, self.users.token_for(user))}, status=status)


class RegisterView(UserView):
    def post(self, request: HttpRequest) -> JsonResponse:
        return self.user_response(self.users.register(self.payload("user")), 201)


class LoginView(UserView):
    def post(self, request: HttpRequest) -> JsonResponse:
        return self.user_response(self.users.login(self.payload("user")))


class CurrentUserView(UserView):
    auth_methods = ("GET", "PUT")

    def get(self, request: HttpRequest) -> JsonResponse:
        return self.user_response(self.viewer)

    def put(self, request: HttpRequest) -> JsonResponse:
        return self.user_response(self.users.update(self.viewer, self.payload("user")))

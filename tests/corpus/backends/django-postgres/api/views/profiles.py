from django.http import HttpRequest, JsonResponse

from api.exceptions import ApiError
from api.models import User
from api.serializers import serialize_profile
from api.views.base import ApiView


def get_profile_or_404(username: str) -> User:
    user = User.objects.filter(username=username).first()
    if user is None:
        raise ApiError(404, "profile not found")
    return user


class ProfileView(ApiView):
    def get(self, request: HttpRequest, username: str) -> JsonResponse:
        user = get_profile_or_404(username)
        return JsonResponse({"profile": serialize_profile(user, self.viewer)})


class FollowView(ApiView):
    auth_methods = ("POST", "DELETE")

    def post(self, request: HttpRequest, username: str) -> JsonResponse:
        user = get_profile_or_404(username)
        self.viewer.following.add(user)
        return JsonResponse({"profile": serialize_profile(user, self.viewer)})

    def delete(self, request: HttpRequest, username: str) -> JsonResponse:
        user = get_profile_or_404(username)
        self.viewer.following.remove(user)
        return JsonResponse({"profile": serialize_profile(user, self.viewer)})

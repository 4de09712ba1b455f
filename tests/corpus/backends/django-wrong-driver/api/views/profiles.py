from django.http import HttpRequest, JsonResponse

from api.services.dto import Profile
from api.views.base import ApiView
from api.views.serializers import profile_json


def profile_response(profile: Profile) -> JsonResponse:
    return JsonResponse({"profile": profile_json(profile)})


class ProfileView(ApiView):
    def get(self, request: HttpRequest, username: str) -> JsonResponse:
        return profile_response(self.users.profile(username, self.viewer))


class FollowView(ApiView):
    auth_methods = ("POST", "DELETE")

    def post(self, request: HttpRequest, username: str) -> JsonResponse:
        return profile_response(self.users.follow(self.viewer, username))

    def delete(self, request: HttpRequest, username: str) -> JsonResponse:
        return profile_response(self.users.unfollow(self.viewer, username))

import json

from django.http import HttpResponse, JsonResponse
from django.urls import include, path, re_path
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from .models import Owner, Thing

class ThingsView(View):
    def get(self, request, slug=None):
        found = Thing.objects.select_related("owner").prefetch_related("tags").filter(owner__name="a").order_by("-made")[:20]
        return JsonResponse({"things": [thing.slug for thing in found], "limit": int(request.GET.get("limit", "20"))})

    def post(self, request):
        owner, _ = Owner.objects.get_or_create(name="a", defaults={"email": "a@b.c"})
        thing = Thing.objects.create(slug=json.loads(request.body or "{}").get("slug", "b"), owner=owner)
        return JsonResponse({"thing": thing.slug, "made": thing.made.isoformat()}, status=201)

@require_http_methods(["GET"])
def trial(request):
    return JsonResponse({"status": "ok", "user": request.headers.get("Authorization", "")})

more = [path("", csrf_exempt(ThingsView.as_view())), path("/<slug:slug>", ThingsView.as_view(), name="thing")]
urlpatterns = [path("api/trial", trial), path("api/things", include(more)), re_path(r"^api/tags/?$", lambda request: HttpResponse())]

from django.urls import include, path

from api.views.base import health_check

urlpatterns = [
    path("api/health-check", health_check),
    path("api/", include("api.urls")),
]

handler404 = "api.views.errors.not_found"
handler500 = "api.views.errors.server_error"

from django.http import HttpRequest, JsonResponse


def not_found(request: HttpRequest, exception: Exception) -> JsonResponse:
    return JsonResponse({"errors": {"body": ["resource not found"]}}, status=404)


def server_error(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"errors": {"body": ["internal server error"]}}, status=500)

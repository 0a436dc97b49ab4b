"""Composition of what every request meets: sign-in by default, and a state that does not allow a move."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme

from projects.models import MoveNotAllowed
from readiness.errors import wants_json


class SignInMiddleware(LoginRequiredMiddleware):
    """Deny by default; a script is told so in JSON, never redirected (DESIGN, the save protocol)."""

    def handle_no_permission(
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]
    ) -> HttpResponseBase:
        if wants_json(request):
            return JsonResponse({"problem": "signed_out"}, status=401)
        return super().handle_no_permission(request, view_func)


class RefusalMiddleware:
    """MoveNotAllowed becomes a message and the page one came from, in one place."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, MoveNotAllowed):
            return None
        if wants_json(request):
            return JsonResponse({"problem": "closed", "message": str(exception)}, status=409)
        messages.error(request, str(exception))
        back = request.headers.get("Referer", "")
        safe = url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure())
        return redirect(back if safe else "/")

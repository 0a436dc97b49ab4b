"""Composition of what every request meets: a largest size, sign-in by default, refusals that lead back."""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed, JsonResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme

from projects.models import MoveNotAllowed
from readiness.errors import page, typed, wants_json

READS = {"GET", "HEAD"}


def came_from(request: HttpRequest) -> str:
    """The path of the page of this site that the request came from; "/" when it says none."""
    referer = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(referer, {request.get_host()}, request.is_secure()):
        return "/"
    parts = urlsplit(referer)
    path = "/" + parts.path.lstrip("/")  # one slash: two would lead to another site
    return f"{path}?{parts.query}" if parts.query else path


class GateMiddleware:
    """Refuses what no page can read: too large a body, an address with a NUL byte (which PostgreSQL cannot look up)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isdecimal() or int(length) > self.most(request):
            return page(request, 413, "too_large")
        if "\x00" in request.path_info:
            return page(request, 404, "not_found")
        return self.get_response(request)

    def most(self, request: HttpRequest) -> int:
        """Bytes: only a signed-in person sends files."""
        if request.user.is_authenticated and request.content_type == "multipart/form-data":
            return settings.LARGEST_UPLOAD
        return settings.DATA_UPLOAD_MAX_MEMORY_SIZE


class SignInMiddleware(LoginRequiredMiddleware):
    """Deny by default; a script is told so in JSON, never redirected (DESIGN, the save protocol)."""

    def handle_no_permission(
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]
    ) -> HttpResponseBase:
        if wants_json(request):
            return JsonResponse({"problem": "signed_out"}, status=401)
        if request.method not in READS:  # after signing in one opens the form again, not what it is sent to
            return redirect_to_login(came_from(request), self.get_login_url(view_func))
        return super().handle_no_permission(request, view_func)


class RefusalMiddleware:
    """MoveNotAllowed becomes a message and the page one came from, in one place; so does a wrong method a page.

    Whoever had typed a text is shown it with the message instead, to copy it: their browser may not bring it back.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if isinstance(response, HttpResponseNotAllowed) and not response.content:
            allowed = response["Allow"]
            response = page(request, 405, "wrong_method")
            response["Allow"] = allowed
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, MoveNotAllowed):
            return None
        if wants_json(request):
            return JsonResponse({"problem": "closed", "message": str(exception)}, status=409)
        back = came_from(request)
        if texts := list(typed(request)):
            return page(request, 409, "refused", message=str(exception), typed=texts, back=back)
        messages.error(request, str(exception))
        # A page that can no longer be opened does not lead back to itself for ever.
        leads_here = request.method in READS and back == request.get_full_path()
        return redirect("/" if leads_here else back)

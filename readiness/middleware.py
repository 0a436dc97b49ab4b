"""Composition of what every request meets: a largest size, sign-in by default, refusals that lead back."""

import logging
import re
import time
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed, JsonResponse
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import redirect
from django.urls import resolve, reverse
from django.utils.http import url_has_allowed_host_and_scheme

from foundation import limits, trace
from projects.models import MoveNotAllowed
from readiness import logs, metrics
from readiness.errors import page, typed, wants_json

READS = {"GET", "HEAD"}
IS_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
logger = logging.getLogger("readiness.requests")


def came_from(request: HttpRequest) -> str:
    """The path of the page of this site that the request came from; "/" when it says none."""
    referer = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(referer, {request.get_host()}, request.is_secure()):
        return "/"
    parts = urlsplit(referer)
    path = "/" + parts.path.lstrip("/\\")  # one slash: two, of either kind, would lead to another site
    return f"{path}?{parts.query}" if parts.query else path


class FollowMiddleware:
    """Gives each request an id that its log lines, its jobs and its reply carry; counts it, and logs one line of it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        request_id = trace.begin_request(request.headers.get("X-Request-ID", ""))
        response = self.get_response(request)
        seconds = time.perf_counter() - began
        response["X-Request-ID"] = request_id
        if settings.METRICS_TOKEN:
            metrics.count(request, response, seconds)
        facts = {"method": request.method, "path": logs.tellable(request.path), "status": response.status_code}
        logger.info(
            "%s %s", request.method, request.path, extra={"facts": {**facts, "milliseconds": round(seconds * 1000, 1)}}
        )
        return response


class MachineMiddleware:
    """Answers machines before anything else: they come by a network address, without TLS and without a session."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.addresses = {reverse(name) for name in ("live", "ready", "metrics", "worker")}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info in self.addresses:
            request.resolver_match = resolve(request.path_info)
            return request.resolver_match.func(request)
        return self.get_response(request)


class HeadersMiddleware:
    """What every reply says, whoever made it: static files, refusals, errors and what machines read too."""

    UNUSED = (
        "accelerometer", "autoplay", "browsing-topics", "camera", "display-capture", "encrypted-media", "fullscreen",
        "geolocation", "gyroscope", "magnetometer", "microphone", "midi", "payment", "picture-in-picture",
        "publickey-credentials-get", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking",
    )  # fmt: skip
    HEADERS = {
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": ", ".join(f"{feature}=()" for feature in UNUSED),
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }
    # What a script reads is no page: nothing runs in it, it has no links and opens no window. A save's reply is small,
    # and some lines count every byte.
    NOTHING = "default-src 'none'; frame-ancestors 'none'"
    OF_PAGES = ("Cross-Origin-Opener-Policy", "Permissions-Policy", "Referrer-Policy", "X-Frame-Options", "Expires")

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for name, value in self.HEADERS.items():
            response.headers.setdefault(name, value)
        if response.headers.get("Content-Type") == "application/json":
            response["Content-Security-Policy"] = self.NOTHING
            for name in self.OF_PAGES:
                del response[name]
        return response


class CompressMiddleware(GZipMiddleware):
    """Pages go compressed, each with some bytes more by chance, so that its length tells nothing (BREACH).

    Documents and evidence go as they are: compressing them costs time and gains nothing.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if response.headers.get("Content-Type", "").startswith("text/html"):
            return super().process_response(request, response)
        return response


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


class OnceMiddleware:
    """Takes a form that a script sends (static/forms.js, X-Form) once, however often a bad line makes it come.

    What is done answers 204; X-Location says where a browser would be led. A copy within the hour is answered alike.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        form = request.headers.get("X-Form", "")
        if request.method in READS or not IS_ID.fullmatch(form) or not request.user.is_authenticated:
            return self.get_response(request)
        key = f"form:{request.user.pk}:{form}"
        if not self._begin(key):
            if led_to := cache.get(key):
                return HttpResponse(status=204, headers={"X-Location": led_to})
            return JsonResponse({"problem": "under_way"}, status=503, headers={"Retry-After": "2"})
        response = self.get_response(request)
        if response.status_code not in {302, 303}:
            cache.delete(key)
            return response
        led_to = response["Location"]
        del response["Location"]
        with suppress(OSError):  # no place on the disk
            cache.set(key, led_to, timeout=3600)
        response.status_code, response["X-Location"] = 204, led_to
        return response

    def _begin(self, key: str) -> bool:
        """Whether nobody else has begun it; a cache without room lets everyone."""
        try:
            return bool(cache.add(key, "", timeout=120))
        except OSError:
            return True


class PaceMiddleware:
    """Asks whoever writes faster than a person can to wait: what a broken script sends is no one's work."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method in READS or not request.user.is_authenticated:
            return self.get_response(request)
        seconds = limits.wait("writes", request.user.pk, most=settings.WRITES_PER_MINUTE, seconds=60)
        if not seconds:
            return self.get_response(request)
        response = page(request, 429, "too_fast", typed=list(typed(request)))
        response["Retry-After"] = str(seconds)
        return response


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

"""The reader's own language and time zone, from the profile, for every page; that no page is kept; whose it is."""

import zoneinfo
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.cache import add_never_cache_headers

from foundation import trace
from foundation.languages import active_language


class ReaderMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            trace.user_id.set(str(request.user.public_id))
            translation.activate(request.user.language)
            request.LANGUAGE_CODE = request.user.language
            timezone.activate(zoneinfo.ZoneInfo(request.user.time_zone))
        else:
            timezone.deactivate()
        response = self.get_response(request)
        if not response.has_header("Cache-Control"):
            add_never_cache_headers(response)  # on a shared computer "back" shows nothing after signing out
        response.headers.setdefault("Content-Language", active_language())
        if response.headers.get("Content-Type", "").startswith("text/html"):  # whose page it is (static/worker.js)
            response["X-Reader"] = str(request.user.public_id) if request.user.is_authenticated else "nobody"
        return response

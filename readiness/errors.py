"""Error pages in the site's own look and language, which give nothing away."""

import logging
import secrets
import sys
from collections.abc import Iterator

from django.core.exceptions import SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone

logger = logging.getLogger(__name__)


def wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")


def typed(request: HttpRequest) -> Iterator[str]:
    """The texts of a form that was refused, as they were typed, so that they can be copied from the page that says so.

    A code, a number, a date or a stamp is one short word; a text has spaces, or letters of which a code has none.
    """
    for name, values in posted(request):
        if name == "csrfmiddlewaretoken" or "password" in name or name.startswith("seen"):
            continue
        for value in values:
            if not value.isascii() or len(value.split()) > 1:
                yield value.strip()


def posted(request: HttpRequest) -> list[tuple[str, list[str]]]:
    """The fields of the form that was sent; none where it cannot be read, which may be why one is here."""
    try:
        return list(request.POST.lists()) if request.method == "POST" else []
    except (MultiPartParserError, SuspiciousOperation, UnreadablePostError):
        return []


def page(request: HttpRequest, status: int, name: str, **context: object) -> HttpResponse:
    if wants_json(request):
        return JsonResponse({"problem": name}, status=status)
    return render(request, f"errors/{name}.html", context, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page(request, 400, "bad_request")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page(request, 403, "forbidden", typed=list(typed(request)))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return page(request, 403, "csrf")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page(request, 404, "not_found", typed=list(typed(request)))


def server_error(request: HttpRequest) -> HttpResponse:
    """Asks nobody, as what failed may be the database; while that is away, the page says to come back."""
    is_away = isinstance(sys.exc_info()[1], OperationalError | InterfaceError)
    status, headers = (503, {"Retry-After": "5"}) if is_away else (500, {})
    reference = f"R-{timezone.now():%Y-%m%d}-{secrets.token_hex(3).upper()}"
    logger.error("shown to the person as %s", reference)
    if wants_json(request):
        return JsonResponse({"problem": "server_error", "reference": reference}, status=status, headers=headers)
    text = render_to_string("errors/server_error.html", {"reference": reference})
    return HttpResponse(text, status=status, headers=headers)

"""What opens without a line: the service worker of this release (static/worker.js), and the page it shows otherwise."""

import gzip
import hashlib
from functools import cache

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.http import require_safe


@login_not_required
@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """From the root, so that it may answer for every page. Browsers ask for it at every page: the tag is enough."""
    text, packed, tag = script()
    headers = {"ETag": tag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    if request.headers.get("If-None-Match", "").removeprefix("W/") == tag:
        return HttpResponseNotModified(headers=headers)
    response = HttpResponse(text, content_type="text/javascript; charset=utf-8", headers=headers)
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        response.content = packed
        response["Content-Encoding"] = "gzip"
    return response


@cache
def script() -> tuple[bytes, bytes, str]:
    """The script, the same compressed, and its tag: another one whenever the release or any static file is another."""
    release = f"{settings.RELEASE} {getattr(staticfiles_storage, 'manifest_hash', '')}".strip()
    text = f'const RELEASE = "{release}";\n'.encode() + (settings.BASE_DIR / "static" / "worker.js").read_bytes()
    return text, gzip.compress(text, mtime=0), f'"{hashlib.sha256(text).hexdigest()[:32]}"'


@login_not_required
@require_safe
def offline(request: HttpRequest, language: str) -> HttpResponse:
    """The page in place of any that cannot be had now. A device keeps it: it says nothing of whoever asks for it."""
    if language not in dict(settings.LANGUAGES):
        raise Http404
    with translation.override(language):
        return render(request, "offline.html")

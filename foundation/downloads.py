"""The one way a stored file leaves: as a download, in a sandbox, kept by no cache. The caller checks permission."""

from django.http import FileResponse, Http404

from foundation.files import path_of
from foundation.models import StoredFile


def download(file: StoredFile | None, *, name: str = "") -> FileResponse:
    """The file under `name`, or as its person called it. Raises Http404 where there is none (a link, not yet made)."""
    if file is None:
        raise Http404
    try:
        stream = path_of(file).open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    response = FileResponse(stream, as_attachment=True, filename=name or file.name, content_type=file.content_type)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'; frame-ancestors 'none'"
    response["Cache-Control"] = "private, no-store"
    return response

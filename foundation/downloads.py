"""The one way a stored file leaves: in a sandbox, kept by no cache. The caller checks permission.

Only a PDF or an image may be shown; everything else is a download.
"""

from django.http import FileResponse, Http404

from foundation.files import path_of
from foundation.models import StoredFile

SHOWN = {"application/pdf", "image/png", "image/jpeg", "image/gif", "image/webp"}


def is_shown(file: StoredFile) -> bool:
    return file.content_type in SHOWN


def download(file: StoredFile | None, *, name: str = "", show: bool = False) -> FileResponse:
    """The file under `name`, or as its person called it; with `show`, in the browser's window if its kind may be.

    Raises Http404 where there is none (a link, not yet made), or where a virus was found in it.
    """
    if file is None or file.is_infected:
        raise Http404
    try:
        stream = path_of(file).open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    response = FileResponse(
        stream, as_attachment=not (show and is_shown(file)), filename=name or file.name, content_type=file.content_type
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'; frame-ancestors 'none'"
    response["Cache-Control"] = "private, no-store"
    return response

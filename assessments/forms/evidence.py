"""Evidence from the forms: size, type by content, links."""

import logging
from collections.abc import Sequence
from typing import Any

import filetype
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.utils.translation import gettext

from assessments import values
from assessments.actions import evidence as actions
from assessments.models import AnswerSheet
from foundation import files
from toolkit.models import Question

logger = logging.getLogger(__name__)
OFFICE = "application/vnd.openxmlformats-officedocument."
ENDINGS = {  # of file names, by what the file holds; the first is given to a name with another one
    "application/pdf": (".pdf",),
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/gif": (".gif",),
    "image/webp": (".webp",),
    "application/msword": (".doc", ".dot"),
    "application/vnd.ms-excel": (".xls", ".xlt"),
    "application/vnd.ms-powerpoint": (".ppt", ".pps"),
    f"{OFFICE}wordprocessingml.document": (".docx",),
    f"{OFFICE}spreadsheetml.sheet": (".xlsx",),
    f"{OFFICE}presentationml.presentation": (".pptx",),
    "application/vnd.oasis.opendocument.text": (".odt",),
    "application/vnd.oasis.opendocument.spreadsheet": (".ods",),
    "application/vnd.oasis.opendocument.presentation": (".odp",),
    "text/plain": (".txt", ".csv", ".tsv", ".md"),
}
LONGEST_NAME = 200  # characters


def type_of(upload: UploadedFile) -> str:
    """The file's type by its content, whatever its name says. Raises values.ImpossibleValue."""
    if upload.size is None or upload.size == 0:
        raise values.ImpossibleValue(gettext("The file “%(name)s” is empty.") % {"name": upload.name})
    if upload.size > settings.UPLOAD_MEGABYTES * 1024 * 1024:
        raise values.ImpossibleValue(
            gettext("The file “%(name)s” is larger than %(most)s MB. Make it smaller, or give a link to it.")
            % {"name": upload.name, "most": settings.UPLOAD_MEGABYTES}
        )
    head = upload.read(8192)
    upload.seek(0)
    if (kind := filetype.guess(head)) is not None:
        if kind.mime in ENDINGS:
            return str(kind.mime)
    elif b"\x00" not in head:
        try:
            head[: head.rfind(b"\n") + 1 or len(head)].decode("utf-8")
            return "text/plain"
        except UnicodeDecodeError:
            pass
    raise values.ImpossibleValue(
        gettext("“%(name)s” is not a PDF, an image, a text or an office document. Save it as a PDF and add it again.")
        % {"name": upload.name}
    )


def name_of(upload: UploadedFile, content_type: str) -> str:
    """The file's name, its ending that of what it holds: nothing that a computer would run when it is opened."""
    name = values.clean_text((upload.name or "document").replace("\x00", ""))
    endings = ENDINGS[content_type]
    ending = "" if name.lower().endswith(endings) else endings[0]
    return name[-LONGEST_NAME + len(ending) :] + ending


def add_from(request: HttpRequest, sheet: AnswerSheet, question: Question, institution: str) -> int:
    """Add the files and the link that the form holds for this question; how many. Raises values.ImpossibleValue."""
    code = question.code
    is_confidential = f"{code}:evidence-confidential" in request.POST
    if f"{code}:file" in files.left_out(request):
        raise values.ImpossibleValue(_not_stored())
    uploads = [(upload, type_of(upload)) for upload in request.FILES.getlist(f"{code}:file")]
    link = request.POST.get(f"{code}:link", "").strip()
    common: dict[str, Any] = {"is_confidential": is_confidential, "institution": institution, "by": request.user}
    url = values.parse("link", link, options=[], rows=[], columns=[], language="") if link else None
    title = values.clean_text(request.POST.get(f"{code}:link-title", ""))
    if uploads or url:
        _require_pace(request.user, len(uploads) + bool(url))
    for upload, content_type in uploads:
        name = name_of(upload, content_type)
        try:
            actions.add_file(sheet, question, upload.chunks(), name=name, content_type=content_type, **common)
        except actions.NoRoom as refusal:
            raise values.ImpossibleValue(_no_room(name, refusal.most)) from refusal
        except files.NotStored as error:
            logger.exception("evidence could not be stored")
            raise values.ImpossibleValue(_not_stored()) from error
    if url:
        actions.add_link(sheet, question, url=url, title=title, **common)
    return len(uploads) + bool(url)


def _require_pace(person: Any, more: int) -> None:
    """Raises values.ImpossibleValue where one person adds more in an hour than a person does."""
    if actions.added_lately(person) + more > settings.UPLOADS_PER_HOUR:
        raise values.ImpossibleValue(
            gettext(
                "You have added %(most)s files and links within an hour, the most that one person may. Wait a little."
            )
            % {"most": settings.UPLOADS_PER_HOUR}
        )


def _no_room(name: str, most: int) -> str:
    return gettext(
        "“%(name)s” was not added: the files of this project would take more than %(most)s MB. "
        "Give a link to the document instead, or ask the International Bureau for more room."
    ) % {"name": name, "most": most}


def _not_stored() -> str:
    return gettext(
        "The file could not be stored: the site has no room for files at present. Tell the administrator, and add it "
        "again later, or give a link to it."
    )


def evidence_of_section(
    request: HttpRequest, sheet: AnswerSheet, questions: Sequence[Question], institution: str
) -> dict[str, str]:
    """Add what the section's plain form holds; the sentences of what could not be added, by question code."""
    problems = {}
    for question in questions:
        try:
            add_from(request, sheet, question, institution)
        except values.ImpossibleValue as problem:
            problems[question.code] = str(problem)
    return problems

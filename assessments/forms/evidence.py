"""Evidence from the forms: size, type by content, links."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import filetype
from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.utils.translation import gettext, gettext_lazy

from assessments import values
from assessments.actions import evidence as actions
from assessments.models import AnswerSheet, Evidence
from foundation import files
from foundation.languages import active_language
from projects.forms.requests import date_input
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
HEAD = 8192  # bytes that tell the type


class PieceForm(forms.Form):
    """What the register says of a piece."""

    title = forms.CharField(label=gettext_lazy("Title"), max_length=200)
    document_date = forms.DateField(label=gettext_lazy("Date of the document"), required=False, widget=date_input())
    language = forms.ChoiceField(
        label=gettext_lazy("Language of the document"),
        required=False,
        choices=lambda: [("", gettext("Not said")), *settings.LANGUAGE_NAMES_OF_CONTENT.items()],
    )
    is_confidential = forms.BooleanField(
        label=gettext_lazy("Confidential: only our institution, the experts and the International Bureau read it"),
        required=False,
    )

    def __init__(self, *args: Any, is_own: bool, **kwargs: Any) -> None:
        """`is_own`: the person's institution added it, and so decides who reads it."""
        super().__init__(*args, **kwargs)
        if not is_own:
            del self.fields["is_confidential"]


class PagesForm(forms.Form):
    """Where in a piece to look for what supports an answer."""

    pages = forms.CharField(label=gettext_lazy("Where to look"), max_length=60, required=False)


class UseForm(PagesForm):
    """A piece that was added before, for a question."""

    piece = forms.ModelChoiceField(
        Evidence.objects.none(),
        to_field_name="public_id",
        label=gettext_lazy("Piece"),
        empty_label=gettext_lazy("Choose a piece"),
    )
    question = forms.ChoiceField(label=gettext_lazy("Question"))
    field_order = ("piece", "question", "pages")

    def __init__(self, *args: Any, pieces: Any, questions: Sequence[Question], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["piece"].queryset = pieces
        self.fields["question"].choices = [("", gettext("Choose a question"))] + [
            (question.code, f"{question.code} {question.label.in_(active_language())}") for question in questions
        ]


def type_of(upload: UploadedFile) -> str:
    """The file's type by its content, whatever its name says. Raises values.ImpossibleValue."""
    require_size(upload.name or "", upload.size)
    head = upload.read(HEAD)
    upload.seek(0)
    return type_by(head, upload.name or "")


def require_size(name: str, size: int | None) -> None:
    """Raises values.ImpossibleValue."""
    if not size:
        raise values.ImpossibleValue(gettext("The file “%(name)s” is empty.") % {"name": name})
    if size > settings.UPLOAD_MEGABYTES * 1024 * 1024:
        raise values.ImpossibleValue(
            gettext("The file “%(name)s” is larger than %(most)s MB. Make it smaller, or give a link to it.")
            % {"name": name, "most": settings.UPLOAD_MEGABYTES}
        )


def type_by(head: bytes, name: str) -> str:
    """The type of a file that begins so. Raises values.ImpossibleValue."""
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
        % {"name": name}
    )


def name_of(given: str, content_type: str) -> str:
    """The file's name, its ending that of what it holds: nothing that a computer would run when it is opened."""
    name = values.clean_text((given or "document").replace("\x00", ""))
    endings = ENDINGS[content_type]
    ending = "" if name.lower().endswith(endings) else endings[0]
    return name[-LONGEST_NAME + len(ending) :] + ending


def add_from(request: HttpRequest, sheet: AnswerSheet, question: Question, institution: str) -> int:
    """Add the files and the link that the form holds for this question; how many. Raises values.ImpossibleValue."""
    code = question.code
    if f"{code}:file" in files.left_out(request):
        raise values.ImpossibleValue(not_stored())
    uploads = [(upload, type_of(upload)) for upload in request.FILES.getlist(f"{code}:file")]
    link = request.POST.get(f"{code}:link", "").strip()
    said = actions.Piece(
        title=values.clean_text(request.POST.get(f"{code}:link-title", "")),
        language=active_language(),
        is_confidential=f"{code}:evidence-confidential" in request.POST,
    )
    common: dict[str, Any] = {"institution": institution, "by": request.user}
    url = values.parse("link", link, options=[], rows=[], columns=[], language="") if link else None
    if uploads or url:
        require_pace(request.user, len(uploads) + bool(url))
    for upload, content_type in uploads:
        name = name_of(upload.name or "", content_type)
        try:
            actions.add_file(
                sheet, question, upload.chunks(), name=name, content_type=content_type, said=replace(said, title=""),
                **common,
            )  # fmt: skip
        except actions.NoRoom as refusal:
            raise values.ImpossibleValue(no_room(name, refusal.most)) from refusal
        except files.NotStored as error:
            logger.exception("evidence could not be stored")
            raise values.ImpossibleValue(not_stored()) from error
    if url:
        actions.add_link(sheet, question, url=url, said=said, **common)
    return len(uploads) + bool(url)


def require_pace(person: Any, more: int) -> None:
    """Raises values.ImpossibleValue where one person adds more in an hour than a person does."""
    if actions.added_lately(person) + more > settings.UPLOADS_PER_HOUR:
        raise values.ImpossibleValue(
            gettext(
                "You have added %(most)s files and links within an hour, the most that one person may. Wait a little."
            )
            % {"most": settings.UPLOADS_PER_HOUR}
        )


def no_room(name: str, most: int) -> str:
    return gettext(
        "“%(name)s” was not added: the files of this project would take more than %(most)s MB. "
        "Give a link to the document instead, or ask the International Bureau for more room."
    ) % {"name": name, "most": most}


def not_stored() -> str:
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

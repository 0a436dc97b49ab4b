"""What templates say of answers and their evidence."""

from collections.abc import Mapping
from typing import Any

from django import template
from django.conf import settings
from django.utils.translation import gettext

from assessments import values
from foundation import downloads
from foundation.languages import active_language
from foundation.models import StoredFile
from toolkit.models import Level

register = template.Library()

KINDS = {"application/pdf": "PDF", "text/plain": "TXT", "image/png": "PNG", "image/jpeg": "JPG"}


@register.simple_tag
def answer_words(question: Any, answer: Any) -> list[str]:
    """What an answer or a revision says, one entry a line, in the reader's language."""
    return values.in_words(question, answer.value, active_language())


@register.simple_tag
def level_of(levels: Mapping[int, Level], code: str) -> Level:
    """The level that a criterion's descriptor describes."""
    return levels[int(code)]


@register.filter
def scan_words(file: StoredFile) -> str:
    """What ClamAV says of a file."""
    words = {
        "clean": gettext("scanned, no virus found"),
        "infected": gettext("a virus was found in it (%(signature)s): it cannot be opened")
        % {"signature": file.signature},
        "failed": gettext("could not be scanned for viruses"),
        "waiting": gettext("waits to be scanned for viruses"),
        "none": gettext("not scanned for viruses yet")
        if settings.CLAMD
        else gettext("not scanned for viruses (no scanner is installed on this site)"),
    }
    return words[file.scan_state]


@register.filter
def is_shown(file: StoredFile) -> bool:
    """Whether the browser may show it; else it is a download."""
    return downloads.is_shown(file)


@register.filter
def language_name(code: str) -> str:
    """The name of a content's language, in the reader's."""
    return str(settings.LANGUAGE_NAMES_OF_CONTENT.get(code, code))


@register.filter
def file_kind(content_type: str) -> str:
    """Three or four letters for the kind of file."""
    if content_type in KINDS:
        return KINDS[content_type]
    if "word" in content_type or content_type.endswith(".text"):
        return "DOC"
    if "sheet" in content_type or "excel" in content_type:
        return "XLS"
    if "presentation" in content_type or "powerpoint" in content_type:
        return "PPT"
    return "IMG" if content_type.startswith("image/") else "–"

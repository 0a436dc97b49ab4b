"""What people wrote, and framework texts, as a document prints them."""

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.text import get_text_list
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

ORIGINALS = {
    "fr": _("original in French"), "en": _("original in English"), "ar": _("original in Arabic"),
    "es": _("original in Spanish"), "pt": _("original in Portuguese"), "ru": _("original in Russian"),
    "zh": _("original in Chinese"),
}  # fmt: skip


MOST_LINES = 400  # of one text: nobody writes more, and ten thousand empty ones are pages without end


def bounded(lines: list[str]) -> list[str]:
    """The lines of a text as they are laid out: of very many, the rest run on in one."""
    return lines if len(lines) <= MOST_LINES else [*lines[: MOST_LINES - 1], " ".join(lines[MOST_LINES - 1 :])]


@dataclass(frozen=True)
class Said:
    """A text as a person wrote it, with its language; never translated by us."""

    text: str
    language: str
    is_foreign: bool  # written in another language than the document's

    @property
    def paragraphs(self) -> list[str]:
        return bounded([part.strip() for part in self.text.split("\n\n") if part.strip()])

    @property
    def mark(self) -> str:
        """ "original in English", where that is worth saying."""
        if not self.is_foreign:
            return ""
        known = ORIGINALS.get(self.language)
        return str(known) if known else gettext("original in another language")


def said(entry: Mapping[str, str] | None, language: str) -> Said | None:
    if not entry:
        return None
    written = entry["language"] or language
    return Said(text=entry["text"], language=written, is_foreign=written != language)


def best_said(entries: Sequence[Mapping[str, str]], language: str) -> Said | None:
    """Of one text written in several languages the document's; otherwise the first, marked as foreign."""
    own = [entry for entry in entries if entry["language"] == language]
    return said((own or list(entries) or [None])[0], language)


def in_language(texts: Mapping[str, str], language: str) -> str:
    """A framework text; "" when it is empty altogether; KeyError when only this language lacks."""
    return texts[language] if texts else ""


@dataclass(frozen=True)
class Label:
    """A framework label with what must be said of its wording (METHODOLOGY, head)."""

    text: str
    is_reconstructed: bool
    is_translated: bool

    @property
    def remarks(self) -> list[str]:
        remarks = [gettext("reconstructed wording")] if self.is_reconstructed else []
        return remarks + ([gettext("unofficial translation")] if self.is_translated else [])


def label(texts: Mapping[str, str], certainty: str, language: str, source: str) -> Label:
    return Label(
        text=in_language(texts, language),
        is_reconstructed=certainty not in {"certain", ""},
        is_translated=language != source,
    )


def page_words() -> tuple[str, str]:
    """What stands before the page's number and between it and their count."""
    before, _page, between = gettext("page {page} of {pages}").partition("{page}")
    return before, between.partition("{pages}")[0]


def together(names: Sequence[str]) -> str:
    """The names in a line: "R1, R4 and R11"."""
    return get_text_list(list(names), gettext("and"))


def opening(text: str, most: int) -> str:
    """The first clause of a text, cut at a word."""
    clause = re.split(r"[.;:!?](?:\s|$)|\n", text.strip(), maxsplit=1)[0]
    return re.sub(r"\W+…$", "…", textwrap.shorten(clause, most, placeholder="…"))


def choice(choices: Any, value: str) -> str:
    """The words of a stored code, in the active language; the code itself where there are none."""
    return str(choices(value).label) if value in choices.values else value

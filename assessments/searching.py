"""Finding questions: by what is to be done with them, and by words in the question or in its answer."""

import datetime
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from assessments import outline, threads, values
from assessments.models import AnswerSheet, SheetVisit
from assessments.outline import QuestionEntry
from projects.permissions import Permission, allows
from toolkit.models import Section


@dataclass(frozen=True)
class Filter:
    name: str
    label: Promise
    count: int
    is_chosen: bool


@dataclass(frozen=True)
class Found:
    """The questions of a section that were asked for."""

    section: Section
    entries: Sequence[QuestionEntry]


@dataclass(frozen=True)
class Search:
    filters: Sequence[Filter]
    sections: Sequence[Found]
    total: int
    seen_at: datetime.datetime | None  # until when the reader has seen the others' changes


LABELS: dict[str, Promise] = {
    "all": _("All"),
    "unanswered": _("Unanswered"),
    "marked": _("Marked for review"),
    "discussed": _("With open discussions"),
    "unproven": _("Without evidence"),
    "changed": _("Changed since I looked"),
    "returned": _("Returned"),
}


def search(sheet: AnswerSheet, user: Any, *, show: str, words: str) -> Search:
    """The questions that apply and that the reader asks for. What is withheld from them is never looked into.

    As many queries for a long questionnaire as for a short one.
    """
    whole = outline.structure(sheet.instrument)
    beside = threads.beside(sheet, user)
    entries = [
        replace(entry, beside=beside.get(entry.question.pk, threads.Beside()))
        for entry in outline.question_entries(sheet, list(whole.questions.values()), user)
        if not entry.is_hidden
    ]
    seen_at = seen_until(sheet, user)
    tests = _tests(sheet, user, seen_at)
    terms = plain(words).split()
    matching = [entry for entry in entries if all(term in plain(_text(entry)) for term in terms)]
    show = show if show in tests else "all"
    shown = [entry for entry in matching if tests[show](entry)]
    return Search(
        filters=[
            Filter(name, LABELS[name], sum(map(test, matching)), is_chosen=name == show) for name, test in tests.items()
        ],
        sections=[
            Found(section, here)
            for section in whole.sections
            if (here := [entry for entry in shown if entry.question.section_id == section.pk])
        ],
        total=len(shown),
        seen_at=seen_at,
    )


def seen_until(sheet: AnswerSheet, user: Any) -> datetime.datetime | None:
    visit = SheetVisit.objects.filter(sheet=sheet, user=user).first()
    return visit.seen_at if visit else None


def _tests(
    sheet: AnswerSheet, user: Any, seen_at: datetime.datetime | None
) -> dict[str, Callable[[QuestionEntry], bool]]:
    """What each filter asks of a question; marks are the national team's."""
    returns = outline.last_returns(sheet) if sheet.is_open else []
    is_whole = any(entry.section_id is None for entry in returns)
    returned = {entry.section_id for entry in returns}

    def changed(entry: QuestionEntry) -> bool:
        answer = entry.answer
        if answer is None or answer.saved_by_id == user.pk:
            return False
        return seen_at is None or answer.saved_at > seen_at

    tests: dict[str, Callable[[QuestionEntry], bool]] = {
        "all": lambda entry: True,
        "unanswered": lambda entry: entry.is_open,
        "marked": lambda entry: bool(entry.beside.marked_by),
        "discussed": lambda entry: entry.beside.threads > 0,
        "unproven": lambda entry: bool(
            entry.question.evidence and entry.answer and entry.answer.is_given and not entry.evidence
        ),
        "changed": changed,
        "returned": lambda entry: is_whole or entry.question.section_id in returned,
    }
    if not allows(user, Permission.DISCUSS_IN_TEAM, sheet.project):
        del tests["marked"]
    return tests


def _text(entry: QuestionEntry) -> str:
    """Everything of a question that may be looked for: its code and text in every language, and the readable answer."""
    parts = [entry.code, *entry.question.text.values()]
    if answer := entry.answer:
        for language in entry.question.text:
            parts += values.in_words(entry.question, answer.value, language)
        parts += [answer.reason, answer.note]
    return "\n".join(parts)


def plain(text: str) -> str:
    """Without accents, case and ligatures, so that "reglement" finds "Règlement"."""
    spread = unicodedata.normalize("NFKD", text.casefold().replace("œ", "oe").replace("æ", "ae").replace("’", "'"))
    return "".join(character for character in spread if not unicodedata.combining(character))

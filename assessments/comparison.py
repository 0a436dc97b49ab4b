"""What became another between two states of a sheet: two submissions, or one and what stands now."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from assessments.history import Change, changes
from assessments.models import Answer, AnswerRevision, AnswerSheet, AnswerValue, Submission
from assessments.outline import structure
from toolkit.models import Question, Section


@dataclass(frozen=True)
class Compared:
    """A question whose answer is not the same in both states."""

    question: Question
    became: str | Promise  # "Added", "Changed", "Cleared"
    changes: Sequence[Change]
    is_withheld: bool = False  # another institution's confidential answer: that it changed is told, not how

    @property
    def code(self) -> str:
        return self.question.code


def comparison(
    sheet: AnswerSheet, one: Submission, two: Submission | None, user: Any
) -> list[tuple[Section, list[Compared]]]:
    """What changed from the first to the second (None: what stands now), by section. Three queries."""
    whole = structure(sheet.instrument)
    heads = {answer.question_id: answer for answer in Answer.objects.filter(sheet=sheet).order_by("pk")}
    after = two.revisions if two else {whole.by_id[pk].code: answer.number for pk, answer in heads.items()}
    pairs = [
        (question, one.revisions.get(question.code), after.get(question.code)) for question in whole.questions.values()
    ]
    moved = [(question, old, new) for question, old, new in pairs if old != new]
    said = _revisions(sheet, {(question.pk, number) for question, old, new in moved for number in (old, new)})
    found: dict[int, tuple[Section, list[Compared]]] = {}
    for question, old, new in moved:
        entry = _compared(
            question, said.get((question.pk, old)), said.get((question.pk, new)), heads.get(question.pk), sheet, user
        )
        if entry is not None:
            found.setdefault(question.section_id, (question.section, []))[1].append(entry)
    return list(found.values())


def _revisions(sheet: AnswerSheet, wanted: set[tuple[int, int | None]]) -> dict[tuple[int, int | None], AnswerRevision]:
    """These versions, by question and number. Two queries, of which only the second reads texts."""
    rows = AnswerRevision.objects.filter(sheet=sheet, number__isnull=False).order_by("pk")
    ids = [pk for pk, *key in rows.values_list("pk", "question_id", "number") if tuple(key) in wanted]
    return {(row.question_id, row.number): row for row in rows.filter(pk__in=ids)}


def _compared(
    question: Question,
    old: AnswerRevision | None,
    new: AnswerRevision | None,
    head: Answer | None,
    sheet: AnswerSheet,
    user: Any,
) -> Compared | None:
    """The difference in words; None where both say the same."""
    was, now = (version if version and version.is_given else None for version in (old, new))
    if (not was and not now) or (was and now and was.content() == now.content()):
        return None
    became = _("Changed") if was and now else _("Added") if now else _("Cleared")
    versions: list[AnswerValue | None] = [old, new, head]
    if not all(version is None or version.is_readable_by(user, sheet.project) for version in versions):
        return Compared(question, became, [], is_withheld=True)
    if now is None:
        return Compared(question, became, changes(question, was, new or AnswerRevision()))
    return Compared(question, became, changes(question, was, now))

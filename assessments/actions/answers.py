"""Saving an answer: the server's half of the save protocol (DESIGN, Answers are never lost)."""

import datetime
import enum
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction
from django.db.models import Exists, F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assessments.conditions import Given
from assessments.desk import claims_not_applicable
from assessments.models import Answer, AnswerRevision, AnswerSheet, OtherAnswer, RevisionKind, SheetSection
from assessments.outline import structure
from assessments.progress import Count, recount, totals
from foundation.statements import Statement
from projects.models import MoveNotAllowed
from toolkit.models import Audience, Question


@dataclass(frozen=True)
class Content:
    """What a person says on a question; shapes as in AnswerValue."""

    status: str
    value: Any = None
    reason: str = ""
    note: str = ""
    basis: str = ""
    is_confidential: bool = False


class Outcome(enum.Enum):
    SAVED = "saved"
    CONFLICT = "conflict"
    CLOSED = "closed"


class SaveIdTaken(Exception):
    """The save id was used by someone else, for another question or for another text."""


class ImpossibleBase(Exception):
    """Based on a revision that does not exist."""


class Withheld(Exception):
    """Another institution's confidential answer stands there."""


@dataclass(frozen=True)
class Reply:
    """What became of a save: its own revision, and `head`, the answer that stands now."""

    outcome: Outcome
    revision: AnswerRevision
    head: Answer | None
    sheet: AnswerSheet
    section: Count  # of the question's section
    answers: Sequence[Answer]  # all that stand in the sheet
    hidden: set[str]
    facts: Mapping[str, Given]  # the same answers as conditions see them

    @property
    def number(self) -> int | None:
        return self.revision.number

    @property
    def saved_at(self) -> datetime.datetime:
        return self.revision.saved_at


OUTCOME_OF = {
    RevisionKind.ACCEPTED: Outcome.SAVED,
    RevisionKind.IMPORTED: Outcome.SAVED,
    RevisionKind.RESTORED: Outcome.SAVED,
    RevisionKind.REFUSED: Outcome.CONFLICT,
    RevisionKind.LATE: Outcome.CLOSED,
}


# What every save asks, in this order (foundation/statements.py).
LOCKED = Statement(lambda sheet: AnswerSheet.objects.select_for_update().filter(pk=sheet), "sheet")
SECTION = Statement(
    lambda sheet, section, save_id: SheetSection.objects.filter(sheet=sheet, section=section).annotate(
        project_status=F("sheet__project__status"),
        project_released_at=F("sheet__project__released_at"),
        is_known=Exists(AnswerRevision.objects.filter(sheet=sheet, save_id=save_id)),
    ),
    "sheet", "section", "save_id",
)  # fmt: skip
ANSWERS = Statement(lambda sheet: Answer.objects.filter(sheet=sheet).order_by("pk"), "sheet")


@transaction.atomic
def save_answer(
    sheet: AnswerSheet,
    question: Question,
    content: Content,
    *,
    base: int,
    save_id: uuid.UUID,
    by: Any,
    language: str,
    institution: str,
    is_on_behalf: bool = False,
    kind: RevisionKind = RevisionKind.ACCEPTED,
    proposal: OtherAnswer | None = None,
) -> Reply:
    """Save what was typed over revision `base`, or keep it beside what stands (DESIGN's table of replies).

    The same save id again gives the same outcome, number and time, unless what stands now is withheld from its sender.
    Nothing that arrives is thrown away: a text based on an old revision is kept as refused, one that arrives after the
    sheet closed as late.
    Raises SaveIdTaken, ImpossibleBase, Withheld.
    """
    locked, section = _lock(sheet, question, save_id)
    answers = ANSWERS(sheet=locked.pk)
    head = next((answer for answer in answers if answer.question_id == question.pk), None)
    before = totals(structure(locked.instrument), answers)

    if head and not head.is_readable_by(by, locked.project):
        raise Withheld
    if section.is_known:
        earlier = AnswerRevision.objects.get(sheet=locked, save_id=save_id)
        if (earlier.saved_by_id, earlier.question_id, earlier.content()) != (by.pk, question.pk, asdict(content)):
            raise SaveIdTaken
        return Reply(
            OUTCOME_OF[RevisionKind(earlier.kind)], earlier, head, locked,
            before.sections[question.section_id], answers, before.hidden, before.facts,
        )  # fmt: skip

    number = head.number if head else 0
    if base > number or base < 0:
        raise ImpossibleBase

    if not takes_answers(locked, section):
        kind = RevisionKind.LATE
    elif base != number and head and head.content() != asdict(content):
        kind = RevisionKind.REFUSED
    accepted = kind not in {RevisionKind.LATE, RevisionKind.REFUSED}
    values = {**asdict(content), "language": language, "institution": institution, "is_on_behalf": is_on_behalf}
    revision = AnswerRevision.objects.create(
        sheet=locked, question=question, kind=kind, number=number + 1 if accepted else None, base=base,
        save_id=save_id, saved_by=by, saved_at=timezone.now(), proposal=proposal, **values,
    )  # fmt: skip
    now = before
    if accepted:
        did_apply = not claims_not_applicable(head)
        if head is None:
            head = Answer(sheet=locked, question=question)
            answers.append(head)
        for name, value in values.items():
            setattr(head, name, value)
        head.number, head.saved_at, head.saved_by = number + 1, revision.saved_at, by
        head.save()
        is_word_kept = did_apply != claims_not_applicable(head)
        now = recount(locked, answers, changed=head, before=before, is_word_kept=is_word_kept)
    return Reply(
        OUTCOME_OF[RevisionKind(kind)], revision, head, locked,
        now.sections[question.section_id], answers, now.hidden, now.facts,
    )  # fmt: skip


def _lock(sheet: AnswerSheet, question: Question, save_id: uuid.UUID) -> tuple[AnswerSheet, Any]:
    """The sheet's row, locked, and the question's section as it is after the wait.

    With the section, in one query: the project's state, and whether the save id is known.
    """
    [locked] = LOCKED(sheet=sheet.pk)
    locked.instrument, locked.project = sheet.instrument, sheet.project
    [section] = SECTION(sheet=sheet.pk, section=question.section_id, save_id=save_id)
    locked.project.status = section.project_status
    locked.project.released_at = section.project_released_at
    return locked, section


CLOSED = _("The questionnaire is closed: its answers can be read, not changed.")


def require_open(sheet: AnswerSheet, question: Question) -> None:
    """Raises MoveNotAllowed where the question's answer cannot change now."""
    if not takes_answers(sheet, SheetSection.objects.get(sheet=sheet, section=question.section_id)):
        raise MoveNotAllowed(CLOSED)


def takes_answers(sheet: AnswerSheet, section: SheetSection) -> bool:
    """Whether answers may change now: a running project, an open sheet and section; the experts' until release."""
    if not sheet.project.is_running:
        return False
    if sheet.instrument.audience == Audience.EXPERTS:
        return not sheet.project.is_released
    return sheet.is_open and section.is_open

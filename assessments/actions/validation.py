"""The experts' decision on a criterion."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assessments.actions.writing import Seen, Standing, joined
from assessments.desk import claims_not_applicable, differs, is_reviewable
from assessments.models import Answer, AnswerSheet, ValidatedLevel
from assessments.outline import structure
from assessments.progress import decisions_on, totals, undecided
from projects.models import MoveNotAllowed, log
from toolkit.models import Question


@dataclass(frozen=True)
class Decision:
    """A level with its basis, or a word on "not applicable"; all empty: not decided yet, only a private note."""

    level: int | None = None
    accepts_not_applicable: bool | None = None
    basis: str = ""
    reason: str = ""
    private_note: str = ""


@transaction.atomic
def record_decision(
    sheet: AnswerSheet,
    question: Question,
    decision: Decision,
    *,
    by: Any,
    language: str,
    seen: Seen | None = None,
) -> ValidatedLevel:
    """Set or change the experts' word on a criterion. `language` is that of reason and note.

    Raises MoveNotAllowed before the questionnaire is signed, after the levels were released, and when the country's
    answer meanwhile became another, so that the decision no longer fits it; WrittenMeanwhile when someone else decided
    otherwise after what was `seen`.
    """
    # The project is read after the lock, not with it: a release that held the lock is seen (PostgreSQL).
    locked = AnswerSheet.objects.select_for_update().get(pk=sheet.pk)
    locked.instrument = sheet.instrument
    if not locked.project.is_running:
        raise MoveNotAllowed(_("The project is not running, so levels cannot be changed."))
    if locked.project.is_released:
        raise MoveNotAllowed(_("The levels were released to the country and can no longer be changed."))
    if not is_reviewable(locked):
        raise MoveNotAllowed(_("The questionnaire is with the national team. Levels can be set once it is signed."))
    answer = Answer.objects.filter(sheet=locked, question=question).first()
    if (decision.accepts_not_applicable is not None and not claims_not_applicable(answer)) or (
        differs(answer, decision) and not decision.reason
    ):
        raise MoveNotAllowed(_("The country’s answer has changed meanwhile. Look at it again, then decide."))
    if decision.level is not None and not decision.basis:
        raise ValueError("a level needs a basis")
    content = {
        "level": decision.level,
        "accepts_not_applicable": decision.accepts_not_applicable,
        "basis": decision.basis if decision.level is not None else "",
        "reason": decision.reason,
        "private_note": decision.private_note,
        "language": language if decision.reason or decision.private_note else "",
    }
    decided = ValidatedLevel.objects.select_related("saved_by")
    before = decided.filter(sheet=locked, question=question).first()
    if before is not None:
        standing = Standing(before, by=before.saved_by, at=before.saved_at)
        if standing.says(content):
            return before
        if standing.gives_way(by=by, seen=seen):
            log(
                locked.project,
                "decision_replaced",
                by=by,
                for_findings=True,
                name=before.saved_by.name,
                question=question.code,
                level=before.level,
                text=joined(before.reason, before.private_note),
                text_language=before.language,
            )
    saved, _created = ValidatedLevel.objects.update_or_create(
        sheet=locked, question=question, defaults={**content, "saved_at": timezone.now(), "saved_by": by}
    )
    if before is None or (before.level, before.accepts_not_applicable) != (saved.level, saved.accepts_not_applicable):
        _count_undecided(locked)
        log(
            locked.project,
            "level_validated",
            by=by,
            for_findings=True,
            question=question.code,
            before=before.level if before else None,
            level=saved.level,
            accepts_not_applicable=saved.accepts_not_applicable,
        )
    return saved


def _count_undecided(sheet: AnswerSheet) -> None:
    answers = list(Answer.objects.filter(sheet=sheet).order_by("pk"))
    whole = structure(sheet.instrument)
    many = undecided(whole, totals(whole, answers).hidden, answers, decisions_on(sheet))
    AnswerSheet.objects.filter(pk=sheet.pk).update(undecided=many)

"""Answers beside the one that counts: proposing, confirming, differing, withdrawing."""

import uuid
from dataclasses import asdict, replace
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assessments import notifications
from assessments.actions.answers import Content, Reply, require_open, save_answer, takes_answers
from assessments.actions.sheets import lock_sheet
from assessments.models import (
    Answer,
    AnswerRevision,
    AnswerSheet,
    AnswerStatus,
    OtherAnswer,
    OtherKind,
    SheetSection,
    Submission,
)
from assessments.outline import structure
from projects.models import MoveNotAllowed, Project, log
from toolkit.models import Audience, Institution, Kind, Question

CHOSEN = {Kind.CRITERION, Kind.RATING, Kind.CHOICE, Kind.CHOICES, Kind.TABLE}  # kinds whose values are options


@transaction.atomic
def propose(
    sheet: AnswerSheet,
    question: Question,
    content: Content,
    *,
    source: str,
    year: int | None,
    by: Any,
    language: str,
) -> OtherAnswer:
    """What the IB knows, for the country to confirm or correct. It takes the place of the proposal before it.

    Everyone who answers reads it. Raises MoveNotAllowed where answers cannot change now.
    """
    locked = lock_sheet(sheet)
    require_open(locked, question)
    _withdraw_standing(locked, question, by=by, kind=OtherKind.PROPOSED)
    values = asdict(replace(content, is_confidential=False))
    return OtherAnswer.objects.create(
        sheet=locked, question=question, kind=OtherKind.PROPOSED, grounds=source, year=year, language=language,
        institution=Institution.IB, saved_by=by, **values,
    )  # fmt: skip


def confirm(proposal: OtherAnswer, sheet: AnswerSheet, *, base: int, by: Any, institution: str) -> Reply:
    """The country takes the proposal for its answer, over revision `base`. The same click again changes nothing.

    Raises MoveNotAllowed where answers cannot change now, and what `save_answer` raises.
    """
    require_open(sheet, proposal.question)
    return save_confirmed(
        proposal,
        sheet,
        Content(**proposal.confirmed_content),
        base=base,
        save_id=uuid.uuid5(proposal.public_id, f"{by.pk} {base}"),
        by=by,
        institution=institution,
    )


def save_confirmed(
    proposal: OtherAnswer, sheet: AnswerSheet, content: Content, *,
    base: int, save_id: uuid.UUID, by: Any, institution: str, is_on_behalf: bool = False,
) -> Reply:  # fmt: skip
    """Save what the proposal says as the country's answer; what was confidential stays its institution's."""
    is_free = not proposal.is_confidential
    return save_answer(
        sheet,
        proposal.question,
        content,
        base=base,
        save_id=save_id,
        by=by,
        language=proposal.language,
        institution=institution if is_free else proposal.institution,
        is_on_behalf=is_on_behalf and is_free,
        proposal=proposal,
    )


def proposal_to_confirm(
    sheet: AnswerSheet, question: Question, public_id: uuid.UUID, save_id: uuid.UUID, *, by: Any
) -> OtherAnswer | None:
    """The proposal as long as it stands; for a save that is sent again, also afterwards. One query."""
    sent_before = AnswerRevision.objects.filter(sheet=sheet, save_id=save_id, proposal=OuterRef("pk"))
    rows = OtherAnswer.objects.filter(sheet=sheet, question=question, public_id=public_id).proposed()
    proposal = rows.readable_by(by, sheet.project).filter(
        Q(withdrawn_at__isnull=True) | Exists(sent_before)
    ).first()  # fmt: skip
    if proposal:
        proposal.question = question
    return proposal


@transaction.atomic
def differ(
    sheet: AnswerSheet,
    question: Question,
    content: Content,
    *,
    why: str,
    by: Any,
    institution: str,
    language: str,
) -> OtherAnswer:
    """Another institution's view beside the answer, which goes on counting. It takes the place of their view before it.

    Raises MoveNotAllowed where there is no answer of another institution that the person reads, or none can change now.
    """
    locked = lock_sheet(sheet)
    require_open(locked, question)
    answer = Answer.objects.filter(sheet=locked, question=question).first()
    if answer is None or not can_differ(answer, institution) or not answer.is_readable_by(by, locked.project):
        raise MoveNotAllowed(_("A differing view stands beside another institution’s answer; here you can answer."))
    standing = OtherAnswer.objects.filter(sheet=locked, question=question, institution=institution).standing()
    before = standing.differing().first()
    _withdraw_standing(locked, question, by=by, kind=OtherKind.DIFFERING, institution=institution)
    view = OtherAnswer.objects.create(
        sheet=locked, question=question, kind=OtherKind.DIFFERING, grounds=why, language=language,
        institution=institution, saved_by=by, **asdict(content),
    )  # fmt: skip
    if before is None or (before.is_confidential and not view.is_confidential):
        notifications.tell_differing(view, by=by)
    return view


def can_differ(answer: Answer | None, institution: str) -> bool:
    """Whether there is an answer of another institution than this one."""
    return answer is not None and answer.is_given and answer.institution != institution


def withdraw(other: OtherAnswer, *, by: Any) -> None:
    """It no longer stands, and is kept. Raises MoveNotAllowed where answers cannot change now."""
    require_open(other.sheet, other.question)
    OtherAnswer.objects.filter(pk=other.pk).standing().update(withdrawn_at=timezone.now(), withdrawn_by=by)


def _withdraw_standing(sheet: AnswerSheet, question: Question, *, by: Any, **which: Any) -> int:
    standing = OtherAnswer.objects.filter(sheet=sheet, question=question, **which).standing()
    return standing.update(withdrawn_at=timezone.now(), withdrawn_by=by)


# ── From the previous round ──────────────────────────────────────────────────


def previous_submission(project: Project) -> Submission | None:
    """What the same operator signed last, in an earlier round. One query."""
    signed = Submission.objects.filter(
        sheet__project__operator=project.operator_id,
        sheet__project__created_at__lt=project.created_at,
        sheet__instrument__audience=Audience.NATIONAL,
    )
    newest = signed.select_related("sheet__project", "sheet__instrument__framework")
    return newest.order_by("-sheet__project__created_at", "-number").first()


@transaction.atomic
def take_over(sheet: AnswerSheet, submission: Submission, *, by: Any) -> int:
    """Propose what was signed in an earlier round wherever nothing is answered or proposed; how many there are now.

    A question is the same by its code, or by the code that it replaces, as long as its kind and choices are. What was
    confidential stays its institution's.
    """
    locked = lock_sheet(sheet)
    whole = structure(locked.instrument)
    taken = set(Answer.objects.filter(sheet=locked).exclude(status="blank").values_list("question_id", flat=True))
    taken |= set(OtherAnswer.objects.filter(sheet=locked).proposed().standing().values_list("question_id", flat=True))
    open_sections = {row.section_id for row in SheetSection.objects.filter(sheet=locked) if takes_answers(locked, row)}
    signed = signed_revisions(submission)
    proposals = [
        OtherAnswer(
            sheet=locked, question=question, kind=OtherKind.PROPOSED, year=submission.signed_on.year,
            submission=submission, institution=was.institution or Institution.POST, language=was.language,
            saved_by=by, **was.content(),
        )
        for question in whole.questions.values()
        if question.pk not in taken
        and question.section_id in open_sections
        and (was := signed.get(question.code) or signed.get(question.replaces))
        and _fits(question, was)
    ]  # fmt: skip
    OtherAnswer.objects.bulk_create(proposals)
    if proposals:
        log(locked.project, "answers_taken_over", by=by, number=len(proposals))
    return len(proposals)


def signed_revisions(submission: Submission) -> dict[str, AnswerRevision]:
    """What was signed, by question code. One query."""
    rows = AnswerRevision.objects.filter(sheet=submission.sheet_id, number__isnull=False).select_related("question")
    return {
        row.question.code: row
        for row in rows.order_by("pk")
        if submission.revisions.get(row.question.code) == row.number
    }


def _fits(question: Question, was: AnswerRevision) -> bool:
    """Whether what was said then can be said here."""
    if was.status == AnswerStatus.NOT_APPLICABLE:
        return True
    if was.status != AnswerStatus.ANSWERED or was.question.kind != question.kind:
        return False
    if question.kind not in CHOSEN or question.kind == Kind.RATING:
        return True
    known = {(option.axis, option.code) for option in question.options.all()}
    value: Any = was.value
    if question.kind == Kind.TABLE:
        return all({("row", row), ("column", column)} <= known for row, column in value.items())
    codes = value if question.kind == Kind.CHOICES else [str(value)]
    return all(("option", code) in known for code in codes)

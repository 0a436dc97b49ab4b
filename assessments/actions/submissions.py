"""The sheet's way: to the signatory, signed, returned, accepted (DESIGN, State of a sheet)."""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assessments import notifications
from assessments.actions.evidence import have_scanned
from assessments.actions.sheets import lock_sheet
from assessments.actions.signatures import ask_for_sections
from assessments.models import (
    Answer,
    AnswerSheet,
    EvidenceUse,
    SheetReturn,
    SheetSection,
    SheetState,
    SignatureRequest,
    SignatureWay,
    Submission,
)
from assessments.unanswered import unanswered
from foundation import checksums, files
from foundation.languages import active_language
from foundation.models import StoredFile
from projects.models import MoveNotAllowed, log
from toolkit.models import Section


def _lock(sheet: AnswerSheet) -> AnswerSheet:
    """The sheet's row, locked: no save slips between reading the answers and closing the sheet."""
    locked = lock_sheet(sheet)
    if not locked.project.is_running:
        raise MoveNotAllowed(_("The project is not running, so the questionnaire cannot move on."))
    return locked


@transaction.atomic
def send_to_signatory(sheet: AnswerSheet, *, by: Any, reason: str = "") -> SignatureRequest:
    """Close the answers until they are signed or taken back; what is signed is what stands now.

    `reason`: why answers are missing. Raises MoveNotAllowed where some are and it says nothing.
    """
    locked = _lock(sheet)
    if not locked.is_complete and not reason:
        raise MoveNotAllowed(_("Answers are missing. Say why: the signatory and the experts read it."))
    locked.move(SheetState.AWAITING_SIGNATURE)
    text, revisions = canonical(locked)
    sections = SheetSection.objects.filter(sheet=locked).select_related("section").order_by("section__position")
    asked = SignatureRequest.objects.create(
        sheet=locked,
        number=locked.signature_requests.count() + 1,
        revisions=revisions,
        sha256=checksums.sha256(text),
        answered=locked.answered,
        applicable=locked.applicable,
        sections={row.section.code: [row.answered, row.applicable] for row in sections},
        missing=[question.code for question in unanswered(locked)],
        reason="" if locked.is_complete else reason,
        language=active_language(),
        sent_at=locked.moved_at,
        sent_by=by,
    )
    log(locked.project, "sheet_sent_to_signatory", by=by, answered=locked.answered, applicable=locked.applicable)
    notifications.ask_to_sign(locked, by=by, besides=ask_for_sections(locked, by=by))
    return asked


@transaction.atomic
def take_back(sheet: AnswerSheet, *, comment: str, by: Any) -> None:
    """Before it is signed: the coordinator takes it back, or the signatory returns it to the team with a comment."""
    locked = _lock(sheet)
    if locked.state != SheetState.AWAITING_SIGNATURE:
        raise MoveNotAllowed(_("The questionnaire’s state has changed meanwhile. Look at the page again."))
    locked.move(SheetState.OPEN)
    SheetSection.objects.filter(sheet=locked).update(is_open=True)
    if comment:
        _write_return(locked, None, comment, by, timezone.now())
    log(locked.project, "sheet_taken_back", by=by)
    notifications.tell_taken_back(locked, by=by)


def canonical(sheet: AnswerSheet) -> tuple[str, dict[str, int]]:
    """What is signed, as canonical JSON (answers, notes, bases, evidence's checksums), and the revisions' numbers."""
    answers = list(Answer.objects.filter(sheet=sheet).select_related("question").order_by("question__code"))
    evidence: dict[str, list[str]] = {}
    uses = EvidenceUse.objects.filter(piece__sheet=sheet).kept().select_related("piece__file", "question")
    for use in uses.order_by("pk"):
        file = use.piece.file
        evidence.setdefault(use.question.code, []).append(file.sha256 if file else use.piece.url)
    content = {
        answer.question.code: {**answer.content(), "evidence": evidence.get(answer.question.code, [])}
        for answer in answers
    }
    return checksums.canonical(content), {answer.question.code: answer.number for answer in answers}


class OtherAnswers(MoveNotAllowed):
    """The paper bears the code of another state than the one that waits for a signature."""


@dataclass(frozen=True)
class Signature:
    """What stands under the answers: whose signature, on which day, and for whom where it is by delegation."""

    name: str
    function: str
    signed_on: datetime.date
    statement: str
    delegated_by: str = ""
    delegation_ground: str = ""


@transaction.atomic
def sign(
    sheet: AnswerSheet,
    signature: Signature,
    *,
    by: Any,
    sent_at: str | None = None,  # ISO, of the state that was read; None: the state that stands
) -> Submission:
    """Sign and submit: the signed state is its revisions' numbers and the SHA-256 of everything they say.

    Raises MoveNotAllowed when it was taken back and sent again since it was read: nobody signs what they did not read.
    """
    locked = _lock(sheet)
    if sent_at is not None and sent_at != locked.moved_at.isoformat():
        raise MoveNotAllowed(_("The answers were opened again since you read them. Read them once more, then sign."))
    submission = _submit(locked, signature, by=by)
    log(
        locked.project, "sheet_signed", by=by, number=submission.number, name=signature.name,
        function=signature.function,
    )  # fmt: skip
    notifications.tell_signed(locked, by=by)
    return submission


def send_in_paper(
    sheet: AnswerSheet,
    signature: Signature,
    chunks: Iterable[bytes],
    *,
    code: str,
    name: str,
    content_type: str,
    by: Any,
) -> Submission:
    """Submit what was printed, signed and stamped: the scan, stored as `name`, and the code that the paper bears.

    Raises OtherAnswers when the code is not that of the state that waits.
    """
    scan = files.store(chunks, folder="signatures", name=name, content_type=content_type)
    try:
        with transaction.atomic():
            locked = _lock(sheet)
            asked = locked.waiting_request
            if asked is not None and plain_code(code) != plain_code(asked.code):
                raise OtherAnswers(
                    _("This is not the code of the answers that wait: others were printed. Look at the code again.")
                )
            submission = _submit(locked, signature, by=by, way=SignatureWay.PAPER, scan=scan)
            have_scanned(scan)
            log(
                locked.project, "sheet_signed_on_paper", by=by, number=submission.number, name=signature.name,
                function=signature.function,
            )  # fmt: skip
            notifications.tell_signed_on_paper(locked, by=by)
            return submission
    except MoveNotAllowed:
        files.discard(scan)
        raise


def plain_code(code: str) -> str:
    """As it may be typed: without dash and spaces, in capitals."""
    return "".join(character for character in code.upper() if character.isalnum())


def _submit(
    sheet: AnswerSheet,
    signature: Signature,
    *,
    by: Any,
    way: SignatureWay = SignatureWay.SCREEN,
    scan: StoredFile | None = None,
) -> Submission:
    asked = sheet.waiting_request
    sheet.move(SheetState.SUBMITTED)
    if asked is None:
        raise MoveNotAllowed(_("Take the questionnaire back and send it to the signatory once more, then sign it."))
    return Submission.objects.create(
        sheet=sheet, number=sheet.submissions.count() + 1, request=asked, revisions=asked.revisions,
        sha256=asked.sha256, name=signature.name, function=signature.function, signed_on=signature.signed_on,
        statement=signature.statement, delegated_by=signature.delegated_by,
        delegation_ground=signature.delegation_ground, language=active_language(), way=way, scan=scan,
        signed_by=by,
    )  # fmt: skip


@transaction.atomic
def return_sheet(sheet: AnswerSheet, *, whole: str, sections: Mapping[Section, str], by: Any) -> None:
    """Return for completion: all of it with the comment `whole`, or only the sections that have a comment.

    Raises MoveNotAllowed when there is no comment at all, or when the levels were released.
    """
    if not whole and not sections:
        raise MoveNotAllowed(_("Say what has to be completed, for the whole questionnaire or for a section."))
    locked = _lock(sheet)
    if locked.project.is_released:
        raise MoveNotAllowed(_("The levels were released to the country; the questionnaire stays as it is."))
    if locked.state not in {SheetState.SUBMITTED, SheetState.ACCEPTED}:
        raise MoveNotAllowed(_("The questionnaire’s state has changed meanwhile. Look at the page again."))
    locked.move(SheetState.OPEN)
    now = timezone.now()
    if whole:
        _write_return(locked, None, whole, by, now)
    for section, comment in sections.items():
        _write_return(locked, section, comment, by, now)
    returned = SheetSection.objects.filter(sheet=locked)
    returned.update(is_open=bool(whole))
    returned.filter(section__in=sections).update(is_open=True)
    log(locked.project, "sheet_returned", by=by, sections=[] if whole else [section.code for section in sections])
    notifications.tell_returned(locked, by=by)


def _write_return(sheet: AnswerSheet, section: Section | None, comment: str, by: Any, at: datetime.datetime) -> None:
    SheetReturn.objects.create(sheet=sheet, section=section, comment=comment, language=active_language(), by=by, at=at)


@transaction.atomic
def accept_sheet(sheet: AnswerSheet, *, by: Any) -> None:
    locked = _lock(sheet)
    locked.move(SheetState.ACCEPTED)
    log(locked.project, "sheet_accepted", by=by)

"""Adding and removing evidence: files and links that support an answer."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assessments.actions.sheets import lock_sheet
from assessments.models import AnswerSheet, Evidence
from foundation import files
from projects.models import MoveNotAllowed, log
from toolkit.models import Audience, Question


def takes_evidence(sheet: AnswerSheet) -> bool:
    """Evidence may be added after submission too (marked so), until the levels are released."""
    return sheet.project.is_running and not sheet.project.is_released


def is_late(sheet: AnswerSheet) -> bool:
    return sheet.instrument.audience == Audience.NATIONAL and not sheet.is_open


class NoRoom(Exception):
    """The files of the project take as much as they may; `most` is how much, in megabytes."""

    def __init__(self, most: int) -> None:
        self.most = most


def _require_open(sheet: AnswerSheet) -> None:
    if not takes_evidence(sheet):
        raise MoveNotAllowed(
            _("Evidence can no longer be added: the project is not running, or its levels were released.")
        )


def _require_room(sheet: AnswerSheet, size: int) -> None:
    """Removed files count: they are kept."""
    stored = Evidence.objects.filter(sheet__project=sheet.project_id).aggregate(total=Sum("file__size"))["total"] or 0
    if stored + size > settings.PROJECT_MEGABYTES * 1024 * 1024:
        raise NoRoom(settings.PROJECT_MEGABYTES)


def added_lately(by: Any) -> int:
    """How many files and links the person has added in the last hour, in all projects."""
    since = timezone.now() - timedelta(hours=1)
    return Evidence.objects.filter(added_by=by, added_at__gt=since).count()


def _locked(sheet: AnswerSheet) -> AnswerSheet:
    locked = lock_sheet(sheet)
    _require_open(locked)
    return locked


def add_file(
    sheet: AnswerSheet, question: Question, chunks: Iterable[bytes], *, name: str, content_type: str,
    is_confidential: bool, institution: str, by: Any,
) -> Evidence:  # fmt: skip
    """Store the file (before the transaction: a slow upload holds no lock) and write its row. Raises NoRoom.

    What is refused is not kept; asked before and again behind the lock, as another may have been faster.
    """
    _require_open(sheet)
    stored = files.store(chunks, folder="evidence", name=name, content_type=content_type)
    try:
        with transaction.atomic():
            locked = _locked(sheet)
            _require_room(locked, stored.size)
            return _add(
                locked,
                question,
                by,
                file=stored,
                title=name[:200],
                is_confidential=is_confidential,
                institution=institution,
            )
    except (MoveNotAllowed, NoRoom):
        files.discard(stored)
        raise


@transaction.atomic
def add_link(
    sheet: AnswerSheet, question: Question, *, url: str, title: str, is_confidential: bool, institution: str, by: Any
) -> Evidence:
    locked = _locked(sheet)
    return _add(
        locked,
        question,
        by,
        url=url,
        title=(title or url)[:200],
        is_confidential=is_confidential,
        institution=institution,
    )


def _add(sheet: AnswerSheet, question: Question, by: Any, **fields: Any) -> Evidence:
    piece = Evidence.objects.create(sheet=sheet, question=question, added_by=by, is_late=is_late(sheet), **fields)
    if piece.is_late:
        log(sheet.project, "evidence_added_late", by=by, question=question.code)
    return piece


@transaction.atomic
def remove_evidence(piece: Evidence, *, by: Any) -> None:
    """No longer shown; the row and the file stay. Only while the sheet is open, or what was added late."""
    locked = _locked(piece.sheet)
    if is_late(locked) and not piece.is_late:
        raise MoveNotAllowed(_("This piece of evidence was part of what was signed. It can no longer be removed."))
    Evidence.objects.filter(pk=piece.pk, removed_at__isnull=True).update(removed_at=timezone.now(), removed_by=by)

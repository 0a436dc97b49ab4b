"""Adding, describing and removing evidence: files and links, and which answers they support."""

import datetime
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assessments.actions.sheets import lock_sheet
from assessments.models import AnswerSheet, Evidence, EvidenceUse, Submission, Upload
from foundation import files, jobs
from foundation.models import StoredFile
from projects.models import MoveNotAllowed, log
from toolkit.models import Audience, Question


def takes_evidence(sheet: AnswerSheet) -> bool:
    """Evidence may be added after submission too (marked so), until the levels are released."""
    return sheet.project.is_running and not sheet.project.is_released


def is_late(sheet: AnswerSheet) -> bool:
    return sheet.instrument.audience == Audience.NATIONAL and not sheet.is_open


SCAN = "assessments.scan_evidence"  # the task
SIGNED = _("This piece was part of what was signed: it stays as it is.")


@dataclass(frozen=True)
class Piece:
    """What a person says of a piece of evidence."""

    title: str = ""  # "": as the file or the link is called
    document_date: datetime.date | None = None
    language: str = ""
    pages: str = ""
    is_confidential: bool = False


class NoRoom(Exception):
    """The files of the project take as much as they may; `most` is how much, in megabytes."""

    def __init__(self, most: int) -> None:
        self.most = most


def require_open(sheet: AnswerSheet) -> None:
    if not takes_evidence(sheet):
        raise MoveNotAllowed(
            _("Evidence can no longer be added: the project is not running, or its levels were released.")
        )


def require_room(sheet: AnswerSheet, size: int, upload: Upload | None = None) -> None:
    """Removed files count: they are kept; and what has arrived of other uploads. What pieces share counts once."""
    pieces = Evidence.objects.filter(sheet__project=sheet.project_id)
    stored = StoredFile.objects.filter(pk__in=pieces.values("file")).aggregate(total=Sum("size"))["total"] or 0
    on_their_way = Upload.objects.unfinished().filter(sheet__project=sheet.project_id)
    on_their_way = on_their_way.exclude(pk=upload.pk) if upload else on_their_way
    arriving = on_their_way.aggregate(total=Sum("received"))["total"] or 0
    if stored + arriving + size > settings.PROJECT_MEGABYTES * 1024 * 1024:
        raise NoRoom(settings.PROJECT_MEGABYTES)


def added_lately(by: Any) -> int:
    """How many files and links the person has added or begun to send in the last hour, in all projects."""
    since = timezone.now() - datetime.timedelta(hours=1)
    begun = Upload.objects.unfinished().filter(started_by=by, started_at__gt=since).count()
    return Evidence.objects.filter(added_by=by, added_at__gt=since).count() + begun


def _locked(sheet: AnswerSheet) -> AnswerSheet:
    locked = lock_sheet(sheet)
    require_open(locked)
    return locked


def add_file(
    sheet: AnswerSheet, question: Question, chunks: Iterable[bytes], *, name: str, content_type: str, said: Piece,
    institution: str, by: Any,
) -> EvidenceUse:  # fmt: skip
    """Store the file (before the transaction: a slow upload holds no lock) and write its rows. Raises NoRoom.

    What is refused is not kept; asked before and again behind the lock, as another may have been faster.
    """
    require_open(sheet)
    stored = files.store(chunks, folder="evidence", name=name, content_type=content_type)
    try:
        use = add_stored(sheet, question, stored, name=name, said=said, institution=institution, by=by)
    except (MoveNotAllowed, NoRoom):
        files.discard(stored)
        raise
    if use.piece.file_id != stored.pk:
        files.discard(stored)
    return use


@transaction.atomic
def add_stored(
    sheet: AnswerSheet, question: Question, stored: StoredFile, *, name: str, said: Piece, institution: str, by: Any,
    upload: Upload | None = None,
) -> EvidenceUse:  # fmt: skip
    """Write the rows of a file that is stored; of one that the project has already, the piece names the earlier.

    A file that the same institution added to the sheet before, as confidential or as open, is the same piece. Another
    institution's is never named: that it has this file may be a secret. Raises MoveNotAllowed, NoRoom.
    """
    locked = _locked(sheet)
    same = Evidence.objects.filter(
        sheet__project=locked.project_id, file__sha256=stored.sha256, file__size=stored.size
    ).order_by("pk")
    own = same.filter(sheet=locked, institution=institution, is_confidential=said.is_confidential)
    if (piece := own.kept().first()) is not None:  # type: ignore[attr-defined]
        return _use(locked, piece, question, said.pages, institution, by)
    earlier = same.select_related("file").first()
    if earlier is None:
        require_room(locked, stored.size, upload)
    file = earlier.file if earlier else stored
    have_scanned(file)
    return _add(locked, question, said, institution, by, title=name, file=file, file_name=name[:200])


def have_scanned(file: StoredFile) -> None:
    """Ask for ClamAV's verdict where it runs; once a file. Call inside the transaction that writes its piece."""
    if settings.CLAMD and file.scan_id is None and not file.verdict:
        file.scan = jobs.enqueue(SCAN)
        file.save(update_fields=["scan"])


def scan_what_was_not() -> int:
    """Evidence and signed papers of the time when no scanner ran, some of them each time; how many files."""
    if not settings.CLAMD:
        return 0
    unscanned = StoredFile.objects.filter(scan__isnull=True, verdict="")
    pieces = Evidence.objects.filter(file__isnull=False).values("file")
    papers = Submission.objects.filter(scan__isnull=False).values("scan")
    found = list(unscanned.filter(Q(pk__in=pieces) | Q(pk__in=papers)).order_by("pk")[:100])
    for file in found:
        with transaction.atomic():
            have_scanned(file)
    return len(found)


@transaction.atomic
def add_link(
    sheet: AnswerSheet, question: Question, *, url: str, said: Piece, institution: str, by: Any
) -> EvidenceUse:
    locked = _locked(sheet)
    own = Evidence.objects.filter(
        sheet=locked, url=url, institution=institution, is_confidential=said.is_confidential
    ).order_by("pk")
    if (piece := own.kept().first()) is not None:  # type: ignore[attr-defined]
        return _use(locked, piece, question, said.pages, institution, by)
    return _add(locked, question, said, institution, by, title=url, url=url)


def _add(
    sheet: AnswerSheet, question: Question, said: Piece, institution: str, by: Any, *, title: str, **origin: Any
) -> EvidenceUse:
    piece = Evidence.objects.create(
        sheet=sheet, title=(said.title or title)[:200], document_date=said.document_date, language=said.language,
        is_confidential=said.is_confidential, institution=institution, added_by=by, **origin,
    )  # fmt: skip
    return _use(sheet, piece, question, said.pages, institution, by)


@transaction.atomic
def use_evidence(piece: Evidence, question: Question, *, pages: str, institution: str, by: Any) -> EvidenceUse:
    """Let a piece that was added before support another answer too; said twice it is one use."""
    return _use(_locked(piece.sheet), piece, question, pages, institution, by)


def _use(sheet: AnswerSheet, piece: Evidence, question: Question, pages: str, institution: str, by: Any) -> EvidenceUse:
    use, is_new = EvidenceUse.objects.kept().get_or_create(
        piece=piece,
        question=question,
        defaults={"pages": pages, "institution": institution, "added_by": by, "is_late": is_late(sheet)},
    )
    if is_new and use.is_late:
        log(sheet.project, "evidence_added_late", by=by, question=question.code)
    return use


def can_change(sheet: AnswerSheet, use: EvidenceUse) -> bool:
    """What was signed stays; what was added later may still go."""
    return use.is_late or not is_late(sheet)


def _require_unsigned(sheet: AnswerSheet, uses: Iterable[EvidenceUse], refusal: Any) -> None:
    if not all(can_change(sheet, use) for use in uses):
        raise MoveNotAllowed(refusal)


@transaction.atomic
def describe_evidence(piece: Evidence, said: Piece, *, places: Collection[str]) -> None:
    """Title, date and language; who may read it is changed by those whose institution added it (`places`)."""
    locked = _locked(piece.sheet)
    _require_unsigned(locked, piece.uses.kept(), SIGNED)
    piece.title, piece.document_date, piece.language = said.title, said.document_date, said.language
    if piece.institution in places:
        piece.is_confidential = said.is_confidential
    piece.save(update_fields=["title", "document_date", "language", "is_confidential"])


@transaction.atomic
def change_pages(use: EvidenceUse, pages: str) -> None:
    locked = _locked(use.piece.sheet)
    _require_unsigned(locked, [use], SIGNED)
    EvidenceUse.objects.filter(pk=use.pk, removed_at__isnull=True).update(pages=pages)


@transaction.atomic
def remove_evidence(use: EvidenceUse, *, by: Any) -> None:
    """The answer no longer rests on it. Rows and file stay; a piece that supports no answer is no longer shown."""
    locked = _locked(use.piece.sheet)
    refusal = _("This piece of evidence was part of what was signed. It can no longer be removed.")
    _require_unsigned(locked, [use], refusal)
    EvidenceUse.objects.filter(pk=use.pk, removed_at__isnull=True).update(removed_at=timezone.now(), removed_by=by)

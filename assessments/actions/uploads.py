"""Taking in a file in chunks, so that a cut costs no more than the chunk that was on its way."""

import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from assessments.actions import evidence
from assessments.models import AnswerSheet, EvidenceUse, Upload
from foundation import arrivals, files
from projects.models import MoveNotAllowed
from toolkit.models import Question

FOLDER = "evidence"
KEPT_FOR = datetime.timedelta(days=7)  # what nobody goes on with


class ElsewhereByNow(Exception):
    """The chunk does not begin where the upload ends; `received` is where that is."""

    def __init__(self, received: int) -> None:
        super().__init__(received)
        self.received = received


@transaction.atomic
def start_upload(
    sheet: AnswerSheet, question: Question, *, name: str, size: int, fingerprint: str, source: str,
    is_confidential: bool, institution: str, by: Any,
) -> Upload:  # fmt: skip
    """The upload of this file to this question: the one that was begun, or a new one. Raises MoveNotAllowed, NoRoom.

    Of one photo one file supports the answer: where it arrived already, as it is or made smaller, that upload is the
    answer; another one that was begun is given up.
    """
    evidence.require_open(sheet)
    here = Upload.objects.filter(sheet=sheet, question=question, started_by=by)
    of_source = here.filter(source=source) if source else here.none()
    if (there := of_source.finished().filter(use__piece__is_confidential=is_confidential).first()) is not None:
        return there
    upload, _is_new = here.unfinished().update_or_create(
        sheet=sheet, question=question, started_by=by, name=name, size=size, fingerprint=fingerprint,
        defaults={"is_confidential": is_confidential, "institution": institution, "source": source},
    )  # fmt: skip
    for other in of_source.unfinished().exclude(pk=upload.pk):
        other.delete()
        transaction.on_commit(partial(arrivals.throw_away, other.public_id))
    evidence.require_room(sheet, size, upload)
    return upload


def receive(upload: Upload, offset: int, chunk: bytes) -> None:
    """Keep the bytes that come next. No lock is held while they are written: the row moves on by a guarded UPDATE.

    Raises ElsewhereByNow, arrivals.Gone (begin again), files.NotStored, MoveNotAllowed, NoRoom: what
    was begun while there was room need not fit any more, and nothing of it is kept.
    """
    evidence.require_open(upload.sheet)
    if offset != upload.received or offset + len(chunk) > upload.size:
        raise ElsewhereByNow(upload.received)
    if not chunk:
        return
    try:
        evidence.require_room(upload.sheet, offset + len(chunk), upload)
    except evidence.NoRoom:
        give_up(upload)
        raise
    try:
        arrivals.write(upload.public_id, offset, chunk)
    except arrivals.Gone:
        _begin_again(upload)
        raise
    here = Upload.objects.unfinished().filter(pk=upload.pk, received=offset)
    if not here.update(received=offset + len(chunk), moved_at=timezone.now()):
        raise ElsewhereByNow(Upload.objects.get(pk=upload.pk).received)
    upload.received = offset + len(chunk)


def _begin_again(upload: Upload) -> None:
    Upload.objects.unfinished().filter(pk=upload.pk).update(received=0)


def finish_upload(upload: Upload, *, name: str, content_type: str, said: evidence.Piece) -> EvidenceUse:
    """Make a whole upload a piece of evidence; twice it is the same. Raises MoveNotAllowed, NoRoom, arrivals.Gone."""
    if upload.use is not None:
        return upload.use
    try:
        stored = arrivals.keep(upload.public_id, folder=FOLDER, name=name, content_type=content_type, size=upload.size)
    except arrivals.Gone:
        _begin_again(upload)
        raise
    try:
        with transaction.atomic():
            use = evidence.add_stored(
                upload.sheet, upload.question, stored, name=name, said=said, institution=upload.institution,
                by=upload.started_by, upload=upload,
            )  # fmt: skip
            Upload.objects.filter(pk=upload.pk).update(use=use)
    except (MoveNotAllowed, evidence.NoRoom):
        files.discard(stored)
        upload.delete()
        raise
    if use.piece.file_id != stored.pk:
        files.discard(stored)
    return use


def give_up(upload: Upload) -> None:
    """Throw away what has arrived."""
    if upload.use_id is None:
        upload.delete()
        arrivals.throw_away(upload.public_id)


def empty_old_uploads() -> int:
    """Throw away what nobody went on with for days, and the traces of what was finished; how many."""
    old = Upload.objects.filter(moved_at__lt=timezone.now() - KEPT_FOR)
    for upload in (found := list(old.order_by("pk")[:500])):
        upload.delete()
        arrivals.throw_away_old(upload.public_id, folder=FOLDER)
    arrivals.throw_away_forgotten(older_than=KEPT_FOR.total_seconds())
    return len(found)

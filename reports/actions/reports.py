"""What people do with deliverables: ask for one, ask again, release, write what an expert says in it."""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assessments.actions.releases import release_levels
from assessments.actions.writing import Seen, Standing, WrittenMeanwhile
from foundation import checksums, jobs
from foundation.models import JobState
from projects.models import MoveNotAllowed, Project, log
from reports import content
from reports.models import Deliverable, EditorialText, Report, Snapshot, languages_of, slots_of


@transaction.atomic
def request_report(project: Project, kind: str, language: str, *, by: Any) -> Report:
    """Freeze what the document may say and queue its making. Raises MoveNotAllowed while one is being made."""
    locked = _locked(project)
    _check_language(locked, language)
    if Report.objects.filter(project=locked, kind=kind, language=language).in_the_making().exists():
        raise MoveNotAllowed(_("This document is being made already. It will be here in a moment."))
    report = _queue(_snapshot(locked, by=by), kind, language, by=by)
    log(locked, "document_requested", by=by, for_findings=True, kind=kind, language=language, version=report.version)
    return report


@transaction.atomic
def ask_again(report: Report, *, by: Any) -> None:
    """Queue a failed document anew, from the same snapshot."""
    if report.job.state != JobState.FAILED:
        raise MoveNotAllowed(_("This document has not failed. Look at the page again."))
    report.job.again()
    transaction.on_commit(partial(jobs.wake, report.job))


@transaction.atomic
def release_reports(project: Project, kinds: Sequence[str], languages: Sequence[str], *, by: Any) -> list[Report]:
    """Queue final versions, without the mark of a draft, all from one snapshot."""
    locked = _locked(project)
    _check_released(locked)
    for language in languages:
        _check_language(locked, language)
    snapshot = _snapshot(locked, by=by)
    made = [_queue(snapshot, kind, language, by=by, is_final=True) for kind in kinds for language in languages]
    if made:
        log(locked, "documents_released", by=by, count=len(made))
    return made


@transaction.atomic
def release_to_country(
    project: Project, *, on: datetime.date, show_overall: bool, kinds: Sequence[str], languages: Sequence[str], by: Any
) -> list[Report]:
    """Levels and documents together, or neither («remise au pays»)."""
    release_levels(project, by=by, on=on, show_overall=show_overall)
    return release_reports(project, kinds, languages, by=by)


@transaction.atomic
def release_report(draft: Report, *, by: Any) -> Report:
    """Queue the final version of a draft, from the draft's own snapshot: word for word what was read."""
    locked = _locked(draft.project)
    _check_released(locked)
    finals = Report.objects.filter(snapshot=draft.snapshot, kind=draft.kind, language=draft.language)
    if not draft.is_draft or draft.file is None or finals.filter(released_at__isnull=False).exists():
        raise MoveNotAllowed(_("This version is released already, or is not made yet. Look at the page again."))
    final = _queue(draft.snapshot, draft.kind, draft.language, by=by, is_final=True)
    log(locked, "documents_released", by=by, count=1)
    return final


@dataclass(frozen=True)
class Written:
    """A text for a slot of a document, with what its author had before them."""

    slot: str
    language: str
    text: str
    seen: Seen


@transaction.atomic
def save_editorial(
    project: Project, kind: str, slot: str, *, text: str, language: str, by: Any, seen: Seen | None = None
) -> EditorialText:
    """What an expert writes for a document; one text a slot and language. Raises ValueError for an unknown slot.

    Raises WrittenMeanwhile when someone else changed the text after what was `seen`.
    """
    if slot not in slots_of(project.framework) or kind not in Deliverable.values:
        raise ValueError(f"no place for a text: {kind} {slot}")
    locked = _locked(project)
    texts = EditorialText.objects.select_related("saved_by")
    row = texts.filter(project=locked, kind=kind, slot=slot, language=language).first()
    if row is not None:
        standing = Standing(row, by=row.saved_by, at=row.saved_at)
        if standing.says({"text": text}):
            return row
        if standing.gives_way(by=by, seen=seen):
            log(
                locked,
                "editorial_replaced",
                by=by,
                for_findings=True,
                name=row.saved_by.name,
                kind=kind,
                language=language,
                text=row.text,
                text_language=language,
            )
    saved, _created = EditorialText.objects.update_or_create(
        project=project,
        kind=kind,
        slot=slot,
        language=language,
        defaults={"text": text, "saved_at": timezone.now(), "saved_by": by},
    )
    return saved


@transaction.atomic
def save_texts(project: Project, kind: str, texts: Iterable[Written], *, by: Any) -> None:
    """Several texts at once, all or none. Raises one WrittenMeanwhile for all that someone else changed."""
    standing: list[Standing] = []
    for written in texts:
        try:
            save_editorial(
                project, kind, written.slot, text=written.text, language=written.language, by=by, seen=written.seen
            )
        except WrittenMeanwhile as conflict:
            standing += conflict.standing
    if standing:
        raise WrittenMeanwhile(*standing)


def _locked(project: Project) -> Project:
    """The project's row, locked: versions are counted one after the other."""
    return Project.objects.select_for_update(of=("self",)).select_related("framework", "country").get(pk=project.pk)


def _check_language(project: Project, language: str) -> None:
    if language not in languages_of(project.framework):
        raise MoveNotAllowed(_("The framework of this project has no texts in that language."))


def _check_released(project: Project) -> None:
    if not project.is_released:
        raise MoveNotAllowed(_("Release the levels to the country first; documents are released with them or after."))


def _snapshot(project: Project, *, by: Any) -> Snapshot:
    frozen = checksums.canonical(content.gather(project))
    return Snapshot.objects.create(project=project, content=frozen, sha256=checksums.sha256(frozen), taken_by=by)


def _queue(snapshot: Snapshot, kind: str, language: str, *, by: Any, is_final: bool = False) -> Report:
    versions = Report.objects.filter(project=snapshot.project, kind=kind, language=language)
    last = versions.aggregate(last=Max("version"))["last"] or 0
    return Report.objects.create(
        project=snapshot.project,
        kind=Deliverable(kind),
        language=language,
        version=last + 1,
        snapshot=snapshot,
        job=jobs.enqueue("reports.render_report"),
        requested_by=by,
        released_at=timezone.now() if is_final else None,
        released_by=by if is_final else None,
    )

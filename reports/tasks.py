"""Making a document, a receipt, or a copy of the questionnaire, under the lease of its job (DESIGN, Jobs)."""

import gc
import json
import uuid
from typing import Any

from billiard.exceptions import SoftTimeLimitExceeded
from celery import shared_task
from django.utils import translation

from foundation import checksums, files, jobs
from foundation.models import Job
from projects.permissions import Permission, allows
from reports import content, pdf
from reports.copies import asked, printed, spreadsheet, word
from reports.documents import Document, html_of
from reports.documents.receipt import html_of_receipt
from reports.models import CONTENT_TYPES, Copy, CopyFormat, Problem, Receipt, Report, Stage

PDF = CONTENT_TYPES[CopyFormat.PDF]


@shared_task(name="reports.render_report")
def render_report(job_id: int) -> None:
    jobs.run(job_id, _render)
    gc.collect()  # the document's millions of objects, now that it is made: the next one does not wait for it


def _render(job: Job, lease: jobs.Lease) -> None:
    report = Report.objects.select_related("snapshot", "project__country").filter(job=job).first()
    if report is None:
        raise jobs.JobRefused(Problem.GONE)
    lease.report(10, Stage.GATHERED)
    html = compose(report)
    lease.report(35, Stage.RENDERING)
    made = _printed(report.public_id, html)
    lease.report(90, Stage.WRITING)
    finish(lease, report, made.pdf, folder="reports", content_type=PDF, pages=made.pages)


def finish(
    lease: jobs.Lease, row: Report | Receipt | Copy, made: bytes, *, folder: str, content_type: str, **changes: Any
) -> None:
    """End the job with its file and these changes of its row; a place for files that refuses it needs a person."""

    def publish() -> None:
        # Under the row's own name: what a killed attempt left is written over. The job's row is locked meanwhile.
        file = files.store([made], folder=folder, name=row.file_name, content_type=content_type, key=row.public_id)
        if not type(row).objects.filter(pk=row.pk).update(file=file, **changes):
            files.discard(file)
            raise jobs.JobRefused(Problem.GONE)

    try:
        lease.finish(publish)
    except files.NotStored as refusal:
        raise jobs.JobRefused(Problem.NO_SPACE if refusal.is_full else Problem.STORE_CLOSED, str(refusal)) from refusal


def compose(report: Report) -> str:
    """The document as HTML, from its snapshot alone. Raises JobRefused when the snapshot cannot be read."""
    frozen = json.loads(report.snapshot.content)
    if checksums.sha256(report.snapshot.content) != report.snapshot.sha256 or frozen.get("format") != content.FORMAT:
        raise jobs.JobRefused(Problem.SNAPSHOT_UNREADABLE)
    if report.language not in frozen["framework"]["languages"]:
        raise jobs.JobRefused(Problem.LANGUAGE_MISSING)
    with translation.override(report.language):
        document = Document(
            frozen,
            kind=report.kind,
            language=report.language,
            version=report.version,
            sha256=report.snapshot.sha256,
            taken_at=report.snapshot.taken_at,
            released_at=report.released_at,
        )
        return html_of(document)


def _printed(public_id: uuid.UUID, html: str) -> pdf.Printed:
    try:
        return pdf.render(html, identifier=public_id.hex.encode())
    except SoftTimeLimitExceeded as error:
        raise jobs.JobRefused(Problem.TOO_LONG, repr(error)) from error
    except OSError as error:
        raise _refused_for(error) from error


def _refused_for(error: OSError) -> Exception:
    """A full disk and missing faces need a person; anything else is tried again."""
    if error.errno in files.FULL:
        return jobs.JobRefused(Problem.NO_SPACE, repr(error))
    if isinstance(error, FileNotFoundError):
        return jobs.JobRefused(Problem.ASSETS_MISSING, repr(error))
    return error


# ── Receipts ─────────────────────────────────────────────────────────────────


@shared_task(name="reports.render_receipt")
def render_receipt(job_id: int) -> None:
    jobs.run(job_id, _render_receipt)


def _render_receipt(job: Job, lease: jobs.Lease) -> None:
    receipts = Receipt.objects.select_related(
        "submission__request", "submission__scan", "submission__signed_by", "submission__sheet__instrument__framework",
        "submission__sheet__project__country", "submission__sheet__project__operator",
        "submission__sheet__project__framework",
    )  # fmt: skip
    receipt = receipts.filter(job=job).first()
    if receipt is None:
        raise jobs.JobRefused(Problem.GONE)
    lease.report(10, Stage.GATHERED)
    with translation.override(receipt.language):
        html = html_of_receipt(receipt.submission, receipt.language)
    lease.report(35, Stage.RENDERING)
    made = _printed(receipt.public_id, html)
    lease.report(90, Stage.WRITING)
    finish(lease, receipt, made.pdf, folder="reports", content_type=PDF)


# ── Copies of the questionnaire ──────────────────────────────────────────────


@shared_task(name="reports.make_copy")
def make_copy(job_id: int) -> None:
    jobs.run(job_id, _make)
    gc.collect()


def _make(job: Job, lease: jobs.Lease) -> None:
    copies = Copy.objects.select_related(
        "sheet__project__country", "sheet__project__operator", "sheet__instrument__framework", "section", "requested_by"
    )
    copy = copies.filter(job=job).first()
    if copy is None or not allows(copy.requested_by, Permission.READ_ANSWERS, copy.sheet.project):
        raise jobs.JobRefused(Problem.GONE)
    lease.report(10, Stage.GATHERED)
    with translation.override(copy.language):
        questionnaire = asked.read(
            copy.sheet, section=copy.section, is_filled=copy.is_filled, language=copy.language, reader=copy.requested_by
        )
        lease.report(35, Stage.RENDERING)
        made, pages = _file_of(copy, questionnaire)
    lease.report(90, Stage.WRITING)
    finish(
        lease, copy, made, folder="copies", content_type=CONTENT_TYPES[CopyFormat(copy.format)], pages=pages,
        taken_at=questionnaire.taken_at,
    )  # fmt: skip


def _file_of(copy: Copy, questionnaire: asked.Questionnaire) -> tuple[bytes, int | None]:
    """The file's bytes, and of a PDF its pages."""
    if copy.format == CopyFormat.PDF:
        made = _printed(copy.public_id, printed.html_of(questionnaire))
        return made.pdf, made.pages
    return (spreadsheet if copy.format == CopyFormat.XLSX else word).make(questionnaire), None

"""Making a document: from its frozen snapshot to a file, under the lease of its job (DESIGN, Jobs)."""

import gc
import json

from billiard.exceptions import SoftTimeLimitExceeded
from celery import shared_task
from django.utils import translation

from foundation import files, jobs
from foundation.models import Job
from reports import content, pdf
from reports.documents import Document, html_of
from reports.models import Problem, Report, Stage


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
    printed = _printed(report, html)
    lease.report(90, Stage.WRITING)

    def publish() -> None:
        # Under the report's own name: what a killed attempt left is written over. The job's row is locked meanwhile.
        file = files.store(
            [printed.pdf], folder="reports", name=report.file_name, content_type="application/pdf",
            key=report.public_id,
        )  # fmt: skip
        if not Report.objects.filter(pk=report.pk).update(file=file, pages=printed.pages):
            files.discard(file)
            raise jobs.JobRefused(Problem.GONE)

    try:
        lease.finish(publish)
    except files.NotStored as refusal:
        raise jobs.JobRefused(Problem.NO_SPACE if refusal.is_full else Problem.STORE_CLOSED, str(refusal)) from refusal


def compose(report: Report) -> str:
    """The document as HTML, from its snapshot alone. Raises JobRefused when the snapshot cannot be read."""
    frozen = json.loads(report.snapshot.content)
    if content.sha256(report.snapshot.content) != report.snapshot.sha256 or frozen.get("format") != content.FORMAT:
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


def _printed(report: Report, html: str) -> pdf.Printed:
    try:
        return pdf.render(html, identifier=report.public_id.hex.encode())
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

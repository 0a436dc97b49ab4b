"""Having a file that people sent scanned by ClamAV, under the lease of its job (DESIGN, Jobs)."""

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from assessments import notifications
from assessments.models import Evidence, Submission
from foundation import clamd, files, jobs
from foundation.models import Job, ScanVerdict, StoredFile


@shared_task(name="assessments.scan_evidence")
def scan_evidence(job_id: int) -> None:
    jobs.run(job_id, _scan)


def _scan(job: Job, lease: jobs.Lease) -> None:
    """A daemon that is away is asked again, later each time; what it cannot take stays without a verdict."""
    file = StoredFile.objects.filter(scan=job).first()
    if file is None or not files.path_of(file).is_file():
        raise jobs.JobRefused("gone")
    if not settings.CLAMD:
        raise jobs.JobRefused("no_scanner", "CLAMD is not set any more")
    try:
        signature = clamd.scan(files.path_of(file), settings.CLAMD)
    except clamd.Away as error:
        raise jobs.JobPostponed(str(error)) from error
    except clamd.TooLarge as error:
        raise jobs.JobRefused("too_large", str(error)) from error

    def publish() -> None:
        StoredFile.objects.filter(pk=file.pk).update(
            verdict=ScanVerdict.INFECTED if signature else ScanVerdict.CLEAN,
            signature=signature[:200],
            scanned_at=timezone.now(),
        )
        if signature:
            _tell_infected(file, signature)

    lease.finish(publish)


def _tell_infected(file: StoredFile, signature: str) -> None:
    pieces = Evidence.objects.filter(file=file).kept()  # type: ignore[attr-defined]
    for piece in pieces.select_related("sheet__project__country", "sheet__instrument", "added_by").order_by("pk"):
        notifications.tell_infected(piece, signature)
    papers = Submission.objects.filter(scan=file)
    for submission in papers.select_related("sheet__project__country", "sheet__instrument", "signed_by", "scan"):
        notifications.tell_infected_paper(submission, signature)

"""What every app needs and knows nothing of the domain: stored files, job rows, mails."""

import uuid
from datetime import timedelta

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from foundation.constraints import all_or_none, one_of
from foundation.fields import public_id

__all__ = ["Job", "Mail", "StoredFile"]


class ScanVerdict(models.TextChoices):
    CLEAN = "clean", _("No virus found")
    INFECTED = "infected", _("A virus was found")


class StoredFile(models.Model):
    """A file outside the web root, under a name that we made. Served only by a view that checks permission."""

    public_id = public_id()
    path = models.CharField(max_length=200, unique=True)  # below FILES_DIR
    name = models.CharField(max_length=200)  # as the person called it
    content_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField()  # bytes
    sha256 = models.CharField(max_length=64)
    stored_at = models.DateTimeField(default=timezone.now)
    scan = models.OneToOneField("Job", on_delete=models.SET_NULL, null=True, related_name="scanned")  # by ClamAV
    scanned_at = models.DateTimeField(null=True, blank=True)
    verdict = models.CharField(max_length=10, choices=ScanVerdict.choices, blank=True)
    signature = models.CharField(max_length=200, blank=True)  # what was found in it, by ClamAV's name

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(verdict="", scanned_at__isnull=True, signature="")
                | Q(verdict="clean", scanned_at__isnull=False, signature="")
                | (Q(verdict="infected", scanned_at__isnull=False) & ~Q(signature="")),
                name="stored_file_verdict_when_scanned",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_infected(self) -> bool:
        return self.verdict == ScanVerdict.INFECTED

    @property
    def scan_state(self) -> str:
        """clean, infected, failed, waiting, or none: no scanner runs here, or none did when it was stored."""
        if self.verdict:
            return str(self.verdict)
        if self.scan is None:
            return "none"
        return "failed" if self.scan.state == JobState.FAILED else "waiting"


class JobState(models.TextChoices):
    QUEUED = "queued", _("Waiting")
    RUNNING = "running", _("In progress")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")


class JobQuerySet(models.QuerySet["Job"]):
    def unfinished(self) -> "JobQuerySet":
        return self.filter(state__in=[JobState.QUEUED, JobState.RUNNING])

    def waiting_again(self) -> "JobQuerySet":
        """Queued and due, or claimed by a worker whose lease ran out."""
        now = timezone.now()
        return self.filter(Q(state=JobState.QUEUED, due_at__lte=now) | Q(state=JobState.RUNNING, lease_until__lt=now))

    def fail(self, problem: str, detail: str = "") -> int:
        """End these for good, with the code of a sentence that tells a person what to do; how many there were.

        Filter first to those that the caller may end: `Job.owned(token)`, or those that wait again.
        """
        return self.update(state=JobState.FAILED, problem=problem, detail=detail[:4000], finished_at=timezone.now())

    def queue_anew(self) -> int:
        """Queue these with all their attempts; how many there were. Filter first, as for `fail`."""
        return self.update(
            state=JobState.QUEUED, attempt=0, token=None, lease_until=None, progress=0, stage="", problem="",
            detail="", finished_at=None, queued_at=timezone.now(), due_at=timezone.now(),
        )  # fmt: skip


class Job(models.Model):
    """One thing a worker has to do. The row is the truth; the queue only wakes a worker (DESIGN, Jobs)."""

    ATTEMPTS = 3

    public_id = public_id()
    task = models.CharField(max_length=100)  # a Celery task's name; it takes this row's id
    state = models.CharField(max_length=10, choices=JobState.choices, default=JobState.QUEUED)
    attempt = models.PositiveSmallIntegerField(default=0)
    token = models.UUIDField(null=True, blank=True)  # of the worker that owns it
    lease_until = models.DateTimeField(null=True, blank=True)
    progress = models.PositiveSmallIntegerField(default=0)  # per cent
    stage = models.CharField(max_length=40, blank=True)  # code; the app that owns the task has the words
    problem = models.CharField(max_length=40, blank=True)  # code of why it failed
    detail = models.TextField(blank=True)  # for the log and the administrator, never shown to members
    request_id = models.CharField(max_length=64, blank=True)  # of the request that asked for it
    queued_at = models.DateTimeField(default=timezone.now)
    claimed_at = models.DateTimeField(null=True, blank=True)  # at the last attempt
    due_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["state", "due_at"], name="job_state_due")]
        constraints = [
            one_of("state", JobState.values, name="job_state_known"),
            all_or_none("token", "lease_until", name="job_token_with_lease"),
            models.CheckConstraint(condition=Q(progress__lte=100), name="job_progress_at_most_100"),
            models.CheckConstraint(
                condition=~Q(state="running") | Q(token__isnull=False), name="job_running_has_owner"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["done", "failed"], finished_at__isnull=False)
                | Q(state__in=["queued", "running"], finished_at__isnull=True),
                name="job_finished_at_when_finished",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task} {self.public_id}"

    @property
    def is_finished(self) -> bool:
        return self.state in {JobState.DONE, JobState.FAILED}

    def claim(self, seconds: int) -> uuid.UUID | None:
        """Take the job for `seconds`; the owner's token, or None when another worker has it or it is over."""
        token = uuid.uuid4()
        free = Q(state=JobState.QUEUED) | Q(state=JobState.RUNNING, lease_until__lt=timezone.now())
        taken = Job.objects.filter(free, pk=self.pk, attempt__lt=self.ATTEMPTS).update(
            state=JobState.RUNNING, token=token, attempt=F("attempt") + 1, progress=0, stage="",
            claimed_at=timezone.now(), lease_until=timezone.now() + timedelta(seconds=seconds),
        )  # fmt: skip
        self.refresh_from_db()
        return token if taken else None

    def owned(self, token: uuid.UUID) -> JobQuerySet:
        return Job.objects.filter(pk=self.pk, state=JobState.RUNNING, token=token)

    def finish(self, token: uuid.UUID) -> bool:
        """Say that it is done; False when another worker took it meanwhile (then nothing changes)."""
        return bool(
            self.owned(token).update(
                state=JobState.DONE, progress=100, problem="", detail="", finished_at=timezone.now()
            )
        )

    def again(self) -> None:
        """Queue a failed job anew, with all its attempts."""
        Job.objects.filter(pk=self.pk, state=JobState.FAILED).queue_anew()


class Mail(models.Model):
    """One message to one person, sent by a worker; the row stays as the proof."""

    job = models.OneToOneField(Job, on_delete=models.CASCADE, related_name="mail")
    public_id = public_id()
    to = models.EmailField()
    language = models.CharField(max_length=5)
    subject = models.CharField(max_length=200)
    body = models.TextField()
    sent_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.subject} → {self.to}"

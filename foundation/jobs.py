"""Job rows and the queue that wakes workers (DESIGN, Jobs): enqueue, run under a lease, sweep."""

import logging
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial

from celery import current_app
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from foundation.models import Job, JobState

logger = logging.getLogger(__name__)


class JobLost(Exception):
    """Another worker took the job (our lease ran out); whatever we made is thrown away."""


class JobRefused(Exception):
    """The job cannot succeed, however often it is tried; `problem` is the code of the sentence that says why."""

    def __init__(self, problem: str, detail: str = "") -> None:
        super().__init__(problem)
        self.problem, self.detail = problem, detail


def enqueue(task: str) -> Job:
    """Write the job row; call inside the transaction that writes what the job is about. Wakes a worker on commit."""
    job = Job.objects.create(task=task)
    transaction.on_commit(partial(wake, job))
    return job


def wake(job: Job) -> None:
    """Send the job's id to its task's queue. Never raises: what is not sent, the clock finds."""
    try:
        current_app.send_task(job.task, args=[job.pk], queue=queue_of(job.task), retry=False)
    except Exception as error:
        logger.warning("job %s was not sent, the clock will find it: %s", job.public_id, error)


def queue_of(task: str) -> str:
    """Documents have a queue of their own, so that a mail never waits behind one."""
    return "documents" if task.startswith("reports.") else "celery"


class Lease:
    """What a running job may do with its row; every write is filtered by the owner's token."""

    def __init__(self, job: Job, token: uuid.UUID) -> None:
        self.job, self.token = job, token

    def report(self, progress: int, stage: str) -> None:
        """Show how far we are. Raises JobLost when the job is no longer ours."""
        if not self.job.owned(self.token).update(progress=progress, stage=stage, lease_until=_lease_end()):
            raise JobLost(self.job.public_id)

    def finish(self, publish: Callable[[], None] = lambda: None) -> None:
        """Publish the result and end the job in one transaction. Raises JobLost when the job is no longer ours."""
        with transaction.atomic():
            if not self.job.finish(self.token):
                raise JobLost(self.job.public_id)
            publish()


def _lease_end() -> "timezone.datetime":  # type: ignore[name-defined]
    return timezone.now() + timedelta(seconds=settings.JOB_LEASE_SECONDS)


@contextmanager
def lease_kept(job: Job, token: uuid.UUID) -> Iterator[Lease]:
    """Extend the lease from a thread until the block ends; a killed process stops extending it."""
    over = threading.Event()

    def extend() -> None:
        while not over.wait(settings.JOB_LEASE_SECONDS / 3):
            with suppress(Exception):
                job.owned(token).update(lease_until=_lease_end())
        connection.close()

    thread = threading.Thread(target=extend, name=f"lease-{job.pk}", daemon=True)
    thread.start()
    try:
        yield Lease(job, token)
    finally:
        over.set()
        thread.join(timeout=5)


def run(job_id: int, work: Callable[[Job, Lease], None]) -> None:
    """Claim the job and do the work; a second delivery, or a job that is over, does nothing.

    A JobRefused fails the job at once. Any other error leaves it queued for a later attempt, or fails it when its
    attempts are used up. `work` ends with `lease.finish(publish)`.
    """
    job = Job.objects.filter(pk=job_id).first()
    token = job.claim(settings.JOB_LEASE_SECONDS) if job else None
    if job is None or token is None:
        return
    try:
        with lease_kept(job, token) as lease:
            work(job, lease)
    except JobLost:
        logger.warning("job %s was taken over by another worker", job.public_id)
    except JobRefused as refusal:
        job.owned(token).fail(refusal.problem, refusal.detail)
    except Exception as error:
        logger.exception("job %s failed at attempt %s", job.public_id, job.attempt)
        if job.attempt >= Job.ATTEMPTS:
            job.owned(token).fail("attempts_used", repr(error))
        else:
            job.owned(token).update(
                state=JobState.QUEUED, token=None, lease_until=None, detail=repr(error)[:4000],
                due_at=timezone.now() + timedelta(seconds=2**job.attempt),
            )  # fmt: skip


def sweep() -> int:
    """Wake what waits or whose worker died, and fail what has used its attempts; how many jobs were woken.

    Two clocks at once do no harm: the claim is a guarded UPDATE.
    """
    woken = 0
    for job in Job.objects.waiting_again().order_by("due_at", "pk")[:200]:
        if job.attempt >= Job.ATTEMPTS:
            # Filtered again: a worker that was only slow may have extended its lease, or finished, meanwhile.
            still_waiting = Job.objects.waiting_again().filter(pk=job.pk)
            still_waiting.fail("attempts_used", "the worker ended before it could say why")
        else:
            wake(job)
            woken += 1
    return woken

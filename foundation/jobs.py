"""Job rows and the queue that wakes workers (DESIGN, Jobs): enqueue, run under a lease, sweep."""

import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial

from celery import current_app
from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction
from django.utils import timezone

from foundation import trace
from foundation.models import Job, JobState

logger = logging.getLogger(__name__)
LONGEST_PAUSE = timedelta(minutes=15)
GIVE_UP_AFTER = timedelta(days=4)  # as mail servers do with each other


class JobLost(Exception):
    """Another worker took the job (our lease ran out); whatever we made is thrown away."""


class JobPostponed(Exception):
    """What the job needs is away (a mail server). It is tried again, later each time, and no attempt is counted."""


class JobRefused(Exception):
    """The job cannot succeed, however often it is tried; `problem` is the code of the sentence that says why."""

    def __init__(self, problem: str, detail: str = "") -> None:
        super().__init__(problem)
        self.problem, self.detail = problem, detail


def enqueue(task: str) -> Job:
    """Write the job row; call inside the transaction that writes what the job is about. Wakes a worker on commit."""
    job = Job.objects.create(task=task, request_id=trace.request_id.get())
    transaction.on_commit(partial(wake, job))
    return job


def wake(job: Job) -> bool:
    """Send the job's id to its queue; whether that took it. Never raises: what is not sent, the clock finds."""
    try:
        current_app.send_task(job.task, args=[job.pk], queue=queue_of(job.task), retry=False)
    except Exception as error:
        logger.warning("job %s was not sent, the clock will find it: %s", job.public_id, error)
        return False
    return True


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
            try:
                job.owned(token).update(lease_until=_lease_end())
            except DatabaseError:  # it may answer again next time, to a new connection
                connection.close()
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

    A JobRefused fails the job at once; a JobPostponed puts it off. Any other error leaves it queued for a later
    attempt, or fails it when its attempts are used up. `work` ends with `lease.finish(publish)`.
    """
    job = Job.objects.filter(pk=job_id).first()
    token = job.claim(settings.JOB_LEASE_SECONDS) if job else None
    if job is None or token is None:
        return
    with trace.job(job.public_id, job.request_id):
        began = time.monotonic()
        _attempt(job, token, work)
        facts = {"task": job.task, "attempt": job.attempt, "milliseconds": round((time.monotonic() - began) * 1000)}
        logger.info("attempt %s of job %s (%s) is over", job.attempt, job.public_id, job.task, extra={"facts": facts})


def _attempt(job: Job, token: uuid.UUID, work: Callable[[Job, Lease], None]) -> None:
    try:
        with lease_kept(job, token) as lease:
            work(job, lease)
    except JobLost:
        logger.warning("job %s was taken over by another worker", job.public_id)
    except JobRefused as refusal:
        logger.warning("job %s cannot succeed: %s", job.public_id, refusal.problem)
        job.owned(token).fail(refusal.problem, refusal.detail)
    except JobPostponed as reason:
        logger.warning("job %s is put off: %s", job.public_id, reason)
        _put_off(job, token, str(reason))
    except Exception as error:
        logger.exception("job %s failed at attempt %s", job.public_id, job.attempt)
        if isinstance(error, OperationalError | InterfaceError):
            connection.close()  # restarted, say: it answers to a new connection only
        try:
            _try_later(job, token, repr(error))
        except DatabaseError:
            logger.warning("job %s was not handed back, the clock will find it when its lease ran out", job.public_id)


def _try_later(job: Job, token: uuid.UUID, reason: str) -> None:
    if job.attempt >= Job.ATTEMPTS:
        job.owned(token).fail("attempts_used", reason)
    else:
        _hand_back(job, token, reason, timedelta(seconds=2**job.attempt), attempt=job.attempt)


def _hand_back(job: Job, token: uuid.UUID, reason: str, pause: timedelta, *, attempt: int) -> None:
    job.owned(token).update(
        state=JobState.QUEUED, token=None, lease_until=None, detail=reason[:4000], attempt=attempt,
        due_at=timezone.now() + pause,
    )  # fmt: skip


def _put_off(job: Job, token: uuid.UUID, reason: str) -> None:
    """Wait as long again as it has waited, a quarter of an hour at most; after days, fail."""
    age = timezone.now() - job.queued_at
    if age > GIVE_UP_AFTER:
        job.owned(token).fail("given_up", reason)
        return
    pause = min(max(age, timedelta(seconds=settings.CLOCK_SECONDS)), LONGEST_PAUSE)
    _hand_back(job, token, reason, pause, attempt=job.attempt - 1)


def sweep() -> bool:
    """Fail what has used its attempts, wake what waits or whose worker died; whether the queue took them all.

    Two clocks at once do no harm: the claim is a guarded UPDATE.
    """
    queue_answers = True
    for job in Job.objects.waiting_again().order_by("due_at", "pk")[:200]:
        if job.attempt >= Job.ATTEMPTS:
            # Filtered again: a worker that was only slow may have extended its lease, or finished, meanwhile.
            still_waiting = Job.objects.waiting_again().filter(pk=job.pk)
            still_waiting.fail("attempts_used", "the worker ended before it could say why")
        else:
            queue_answers = queue_answers and wake(job)  # asked once: each time takes seconds
    return queue_answers


def work_off(go_on: Callable[[], bool]) -> None:
    """Do what waits in this process, one job after the other, mails before documents: for when the queue is away."""
    waiting = Job.objects.waiting_again().filter(attempt__lt=Job.ATTEMPTS).order_by("due_at", "pk")
    for job in sorted(waiting[:200], key=lambda job: queue_of(job.task)):
        if go_on():
            current_app.tasks[job.task](job.pk)

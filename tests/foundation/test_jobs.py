"""Who may end a job: only its owner, or the clock once nobody owns it any more."""

import smtplib
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from foundation import jobs
from foundation.models import Job, JobQuerySet, JobState
from foundation.tasks import refused_for
from tests.factories.foundation import JobFactory

pytestmark = pytest.mark.django_db
ENDED = timedelta(minutes=-1)


def taken_over(job: Job) -> uuid.UUID:
    """The job's lease runs out and another worker claims it; that worker's token."""
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() + ENDED)
    token = Job.objects.get(pk=job.pk).claim(60)
    assert token is not None
    return token


@pytest.mark.parametrize("error", [jobs.JobRefused("too_long"), RuntimeError("the disk fell out")])
def test_worker_that_lost_its_job_cannot_end_it(error):
    job = JobFactory(attempt=Job.ATTEMPTS - 2)
    owners = []

    def work(job, lease):
        owners.append(taken_over(job))
        raise error

    jobs.run(job.pk, work)
    job.refresh_from_db()
    assert (job.state, job.token, job.problem) == (JobState.RUNNING, owners[0], "")


def test_last_attempt_of_a_worker_that_lost_its_job_cannot_end_it():
    job = JobFactory(attempt=Job.ATTEMPTS - 1)
    other = uuid.uuid4()

    def work(job, lease):
        Job.objects.filter(pk=job.pk).update(token=other)
        raise RuntimeError("late")

    jobs.run(job.pk, work)
    job.refresh_from_db()
    assert (job.state, job.token) == (JobState.RUNNING, other)


def test_refused_job_is_failed_by_its_owner():
    job = JobFactory()

    def work(job, lease):
        raise jobs.JobRefused("too_long", "laid out for an hour")

    jobs.run(job.pk, work)
    job.refresh_from_db()
    assert (job.state, job.problem, job.detail, job.is_finished) == (
        JobState.FAILED, "too_long", "laid out for an hour", True,
    )  # fmt: skip


def test_error_leaves_the_job_for_a_later_attempt_until_they_are_used_up():
    job = JobFactory()

    def work(job, lease):
        raise RuntimeError("once more")

    states = []
    for _attempt in range(Job.ATTEMPTS):
        jobs.run(job.pk, work)
        job.refresh_from_db()
        states.append((job.state, job.attempt, job.problem))
    assert states == [(JobState.QUEUED, 1, ""), (JobState.QUEUED, 2, ""), (JobState.FAILED, 3, "attempts_used")]


def running_with_all_attempts_used(**lease: timedelta) -> Job:
    return JobFactory(
        state=JobState.RUNNING, attempt=Job.ATTEMPTS, token=uuid.uuid4(), lease_until=timezone.now() + lease["ends"]
    )


def test_clock_fails_what_died_at_its_last_attempt():
    job = running_with_all_attempts_used(ends=ENDED)
    assert jobs.sweep()
    job.refresh_from_db()
    assert (job.state, job.problem) == (JobState.FAILED, "attempts_used")


def test_clock_spares_a_slow_worker_that_extends_its_lease_meanwhile(monkeypatch):
    job = running_with_all_attempts_used(ends=ENDED)
    ended = JobQuerySet.fail

    def extend_then_fail(rows, *args):
        Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() + timedelta(minutes=1))
        return ended(rows, *args)

    monkeypatch.setattr(JobQuerySet, "fail", extend_then_fail)
    assert jobs.sweep()
    job.refresh_from_db()
    assert (job.state, job.problem) == (JobState.RUNNING, "")


def away(job, lease):
    raise jobs.JobPostponed("the mail server is away")


def test_job_put_off_uses_no_attempt_and_waits_as_long_again_as_it_has():
    job = JobFactory(queued_at=timezone.now() - timedelta(minutes=2))
    jobs.run(job.pk, away)
    job.refresh_from_db()
    assert (job.state, job.attempt, job.detail) == (JobState.QUEUED, 0, "the mail server is away")
    assert job.due_at - job.queued_at >= timedelta(minutes=4)


def test_job_put_off_waits_a_quarter_of_an_hour_at_most():
    job = JobFactory(queued_at=timezone.now() - timedelta(days=1))
    jobs.run(job.pk, away)
    job.refresh_from_db()
    assert job.due_at <= timezone.now() + jobs.LONGEST_PAUSE


def test_job_put_off_for_days_is_given_up():
    job = JobFactory(queued_at=timezone.now() - jobs.GIVE_UP_AFTER)
    jobs.run(job.pk, away)
    job.refresh_from_db()
    assert (job.state, job.problem, job.detail) == (JobState.FAILED, "given_up", "the mail server is away")


@pytest.mark.parametrize(
    ("error", "is_for_good"),
    [
        (ConnectionRefusedError(), False),
        (TimeoutError(), False),
        (smtplib.SMTPServerDisconnected(), False),
        (smtplib.SMTPAuthenticationError(535, b"wrong password"), False),  # the site's fault, which its operator mends
        (smtplib.SMTPDataError(451, b"later"), False),
        (smtplib.SMTPDataError(554, b"not this text"), True),
        (smtplib.SMTPRecipientsRefused({"a@b.example": (450, b"full")}), False),
        (smtplib.SMTPRecipientsRefused({"a@b.example": (550, b"nobody")}), True),
    ],
)
def test_mail_is_failed_only_when_it_is_refused_for_good(error, is_for_good):
    assert isinstance(refused_for(error), jobs.JobRefused if is_for_good else jobs.JobPostponed)

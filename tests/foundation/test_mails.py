"""Addresses that messages do not reach: the latest that is over counts, and only what the mail server refused."""

from datetime import timedelta

import pytest
from django.utils import timezone

from foundation import mails
from foundation.models import Job, JobState, Mail
from tests.factories.foundation import JobFactory, MailFactory

pytestmark = pytest.mark.django_db
AWA, LEA = "awa@valmara.example", "lea@valmara.example"


def mail(to: str, state: str = JobState.QUEUED, problem: str = "", *, days: int = 0) -> Mail:
    over = {"finished_at": timezone.now() - timedelta(days=days)} if state in {JobState.DONE, JobState.FAILED} else {}
    return MailFactory(to=to, job=JobFactory(state=state, problem=problem, **over))


def test_the_latest_message_that_is_over_counts():
    mail(AWA, JobState.FAILED, "mail_refused")
    assert mails.undelivered_to([AWA, LEA]) == mails.undelivered_lately() == [AWA]
    mail(AWA)
    assert mails.undelivered_to([AWA]) == [AWA]
    mail(AWA, JobState.DONE)
    assert mails.undelivered_to([AWA]) == mails.undelivered_lately() == []
    mail(AWA, JobState.FAILED, "given_up")
    assert mails.undelivered_to([AWA]) == [AWA]


def test_what_the_operator_called_off_is_no_fault_of_the_address():
    queued = mail(AWA)
    Job.objects.filter(pk=queued.job_id).fail(mails.CALLED_OFF)
    assert mails.undelivered_to([AWA]) == mails.undelivered_lately() == []


def test_what_was_refused_long_ago_is_not_lately():
    mail(AWA, JobState.FAILED, "mail_refused", days=31)
    mail(LEA, JobState.FAILED, "mail_refused", days=29)
    assert mails.undelivered_lately() == [LEA]
    assert mails.undelivered_to([AWA]) == [AWA]


def test_only_the_addresses_asked_for_are_told():
    mail(AWA, JobState.FAILED, "mail_refused")
    mail(LEA, JobState.FAILED, "mail_refused")
    assert mails.undelivered_to([LEA]) == [LEA]

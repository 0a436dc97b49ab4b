"""What Prometheus reads: counts of requests and saves, and what the rows of jobs and mails say."""

import re
import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from foundation.models import Job, JobState
from projects.permissions import Role
from readiness import metrics
from tests.factories import assessments as work
from tests.factories.foundation import JobFactory, MailFactory
from tests.factories.projects import member
from tests.factories.reports import ReportFactory

pytestmark = pytest.mark.django_db
TOKEN = "a-token-for-tests-only-of-at-least-32-characters"


@pytest.fixture(autouse=True)
def _with_token(settings):
    settings.METRICS_TOKEN = [TOKEN]


def read() -> dict:
    """Every sample: its name, then its labels as one text."""
    response = Client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}", "Host": "10.0.0.7:8000"})
    assert (response.status_code, "no-store" in response["Cache-Control"]) == (200, True)
    return {
        (sample.name, *(sample.labels[name] for name in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(response.content.decode())
        for sample in family.samples
    }


def test_only_for_who_knows_the_token(client, settings):
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}x"}).status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 401
    settings.METRICS_TOKEN = []
    for given in (TOKEN, ""):
        assert client.get("/metrics", headers={"Authorization": f"Bearer {given}"}).status_code == 404


def test_requests_are_counted_by_view_and_status(client):
    before = read()
    client.get("/accounts/login/")
    client.get("/accounts/login/")
    client.get("/no-such-page/")
    client.generic("BREW", "/accounts/login/")
    after = read()

    def more(*sample):
        return after.get(sample, 0) - before.get(sample, 0)

    assert more("readiness_requests_total", "GET", "200", "account_login") == 2
    assert more("readiness_requests_total", "GET", "404", "none") == 1
    assert more("readiness_requests_total", "other", "405", "account_login") == 1
    assert more("readiness_request_seconds_count", "account_login") == 3
    assert more("readiness_request_seconds_sum", "account_login") > 0


@pytest.fixture
def save_level():
    """Saves a level by its one coordinator; what was replied."""
    project = work.opened_project()
    sheet = work.national_sheet(project)
    whole = work.outline.structure(sheet.instrument)
    code = next(asked.code for asked in whole.questions.values() if asked.is_scored and not asked.condition)
    client = Client()
    client.force_login(member(project, Role.COORDINATOR))
    url = reverse(metrics.SAVE, args=[project.public_id, sheet.instrument.code, code])

    def save(level: str, base: int = 0) -> int:
        fields = {"base": base, "save_id": uuid.uuid4(), "value": level, "basis": "document"}
        return client.post(
            url,
            {f"{code}:{name}": value for name, value in fields.items()},
            headers={"Accept": "application/json"},
        ).status_code

    return save


def test_saves_are_counted_by_reply(save_level):
    before = read()
    replies = [save_level("2"), save_level("3"), save_level("3", base=1), save_level("no such level", base=2)]
    assert replies == [200, 409, 200, 422]
    after = read()
    assert [
        after[("readiness_saves_total", reply)] - before.get(("readiness_saves_total", reply), 0)
        for reply in ("200", "409", "422")
    ] == [2, 1, 1]
    assert after[("readiness_conflicts_total",)] - before[("readiness_conflicts_total",)] == 1


def test_jobs_and_mails_are_read_from_their_rows():
    now = timezone.now()
    JobFactory(task="reports.render_report", due_at=now - timedelta(minutes=5))
    JobFactory(task="reports.render_report", due_at=now + timedelta(minutes=5))
    JobFactory(state=JobState.FAILED, finished_at=now)
    MailFactory()
    MailFactory(job=JobFactory(state=JobState.DONE, finished_at=now))
    found = read()
    assert {key[1:]: value for key, value in found.items() if key[0] == "readiness_jobs"} == {
        ("queued", "reports.render_report"): 2, ("queued", "foundation.send_mail"): 1,
        ("done", "foundation.send_mail"): 1, ("failed", "foundation.send_mail"): 1,
    }  # fmt: skip
    assert {key[1:]: value for key, value in found.items() if key[0] == "readiness_mails"} == {
        ("queued",): 1, ("done",): 1,
    }  # fmt: skip
    assert 300 <= found[("readiness_oldest_waiting_job_seconds",)] < 360
    assert found[("readiness_database_answers",)] == 1


def test_no_job_waits_without_age():
    assert read()[("readiness_oldest_waiting_job_seconds",)] == 0


def test_seconds_of_documents_by_kind():
    now = timezone.now()
    for seconds in (2, 4):
        report = ReportFactory(kind="capability")
        Job.objects.filter(pk=report.job_id).update(
            state=JobState.DONE, finished_at=now, claimed_at=now - timedelta(seconds=seconds)
        )
    found = read()
    assert found[("readiness_render_seconds_count", "capability")] == 2
    assert found[("readiness_render_seconds_sum", "capability")] == pytest.approx(6)


def test_every_name_is_ours():
    names = {metric.name for metric in metrics.Rows().collect()}
    assert all(re.fullmatch("readiness_[a-z_]+", name) for name in names)

"""JSON lines: one an event, with the ids of what it belongs to, and nothing of what people are or write."""

import json
import logging
import re
from collections.abc import Iterator
from io import StringIO

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from foundation import jobs, mails, trace
from foundation.models import Job
from foundation.tasks import send_mail
from readiness.logs import JsonFormatter
from tests.factories.accounts import UserFactory
from tests.factories.foundation import JobFactory


@pytest.fixture
def lines() -> Iterator[StringIO]:
    """What is logged, as JSON."""
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.addHandler(handler)
    levels = {logger: logger.level for logger in (root, logging.getLogger("readiness.requests"))}
    for logger in levels:
        logger.setLevel(logging.INFO)
    yield stream
    for logger, level in levels.items():
        logger.setLevel(level)
    root.removeHandler(handler)


def of(lines, logger):
    return [line for line in map(json.loads, lines.getvalue().splitlines()) if line["logger"] == logger]


@pytest.mark.django_db
def test_a_request_is_one_line(lines):
    user, client = UserFactory(), Client()
    client.force_login(user)
    response = client.get("/profile/?token=secret", headers={"X-Request-ID": "from-the-proxy-1"})
    [line] = of(lines, "readiness.requests")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", line.pop("time"))
    assert line.pop("milliseconds") > 0
    assert line == {
        "level": "INFO", "logger": "readiness.requests", "message": "GET /profile/", "request": "from-the-proxy-1",
        "user": str(user.public_id), "method": "GET", "path": "/profile/", "status": 200,
    }  # fmt: skip
    assert response["X-Request-ID"] == "from-the-proxy-1"
    client.logout()
    client.get("/accounts/login/")
    assert "user" not in of(lines, "readiness.requests")[-1]


@pytest.mark.parametrize("given", ["", "short", "x" * 65, "two words here", "line\nbreak-in-it", '"}{"level":"ERROR"'])
def test_a_strange_request_id_is_not_taken(client, given):
    made = client.get("/health/live", headers={"X-Request-ID": given})["X-Request-ID"]
    assert re.fullmatch("[0-9a-f]{32}", made)
    assert client.get("/health/live", headers={"X-Request-ID": given})["X-Request-ID"] != made


@pytest.mark.django_db
def test_addresses_that_are_secrets_are_not_written(client, lines):
    client.get("/invitations/a-secret-token/")
    client.get("/accounts/password/reset/key/1a-another-secret/")
    written = lines.getvalue()
    assert "secret" not in written
    assert [line["path"] for line in of(lines, "readiness.requests")] == [
        "/invitations/…/", "/accounts/password/reset/key/…/",
    ]  # fmt: skip


@pytest.mark.django_db
def test_a_job_carries_the_request_that_asked_for_it(lines, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    asked_in = trace.begin_request("asked-for-it")
    job = mails.write(to="leila@valmara.example", language="fr", subject="Réponses", body="Le texte").job
    trace.begin_request("")
    other = trace.request_id.get()

    send_mail(job.pk)
    [line] = of(lines, "foundation.jobs")
    assert (line["request"], line["job"], line["task"], line["attempt"]) == (
        asked_in, str(job.public_id), "foundation.send_mail", 1,
    )  # fmt: skip
    assert (trace.request_id.get(), trace.job_id.get()) == (other, "")
    assert "valmara" not in lines.getvalue()


@pytest.mark.django_db
def test_an_error_is_told_without_what_people_wrote(lines):
    """PostgreSQL quotes the row that it refuses, and a mail server the address, below or within what they say."""
    job = JobFactory()

    def work(job, lease):
        try:
            with transaction.atomic():
                Job.objects.filter(pk=job.pk).update(progress=101, detail="what a person wrote")
        except IntegrityError as error:
            raise RuntimeError("550 no such person <leila@valmara.example>\nwhat a person wrote") from error

    jobs.run(job.pk, work)
    told = next(line for line in of(lines, "foundation.jobs") if line["level"] == "ERROR")
    assert told["error"][0] == "RuntimeError: 550 no such person <…@…>"
    assert any(entry.startswith("IntegrityError: ") for entry in told["error"])
    assert any("test_logs.py:" in entry and entry.endswith(" work") for entry in told["error"])
    written = lines.getvalue()
    assert "what a person wrote" not in written
    assert "leila" not in written


@pytest.mark.django_db
def test_the_reference_of_an_error_page_is_in_the_log(lines):
    """Whoever calls the help desk reads it out. The fault: a row with a time zone that no clock knows."""
    client = Client(raise_request_exception=False)
    client.force_login(UserFactory(time_zone="Nowhere/At-all"))
    page = client.get("/profile/")
    assert page.status_code == 500
    [reference] = set(re.findall(r"R-\d{4}-\d{4}-[0-9A-F]{6}", page.content.decode()))
    [shown] = of(lines, "readiness.errors")
    assert shown["message"] == f"shown to the person as {reference}"
    [raised] = of(lines, "django.request")
    assert raised["request"] == shown["request"] == page["X-Request-ID"]

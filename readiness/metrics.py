"""Figures for whoever watches the site (Prometheus): requests and saves, counted in memory; jobs and mails, from rows.

Each web process counts for itself in a file of its own; the one that is asked adds up those of its gunicorn
(readiness/gunicorn.py says where they lie).
"""

import json
import os
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.db.models import Count, F, Min, QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric, SummaryMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector

from foundation.models import Job, JobState
from reports.models import Report

METHODS = {"GET", "HEAD", "OPTIONS", "POST"}
SAVE = "assessments:answer_save"
REQUESTS = Counter("readiness_requests", "Requests answered", ["method", "view", "status"])
SECONDS = Histogram(
    "readiness_request_seconds", "From the first byte read to the reply", ["view"],
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)  # fmt: skip
SAVES = Counter("readiness_saves", "Answers sent, by what was replied", ["reply"])
CONFLICTS = Counter("readiness_conflicts", "Saves based on an older answer than the one that stands")


def count(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    view = request.resolver_match.view_name if request.resolver_match else "none"
    method = request.method if request.method in METHODS else "other"
    REQUESTS.labels(method, view, response.status_code).inc()
    SECONDS.labels(view).observe(seconds)
    if view == SAVE:
        SAVES.labels(response.status_code).inc()
        if response.status_code == 409 and json.loads(response.content)["problem"] == "conflict":
            CONFLICTS.inc()


@never_cache
@login_not_required
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """For who knows the token; without one in the settings there is no such address."""
    if not settings.METRICS_TOKEN:
        raise Http404
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not any(constant_time_compare(given, token) for token in settings.METRICS_TOKEN):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    counted: CollectorRegistry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        counted = CollectorRegistry()
        MultiProcessCollector(counted)
    rows = CollectorRegistry()
    rows.register(Rows())
    return HttpResponse(generate_latest(counted) + generate_latest(rows), content_type=CONTENT_TYPE_LATEST)


class Rows:
    """What the database says at the moment it is asked; the same from every web process."""

    def collect(self) -> Iterator[Metric]:
        try:
            found = [*jobs(), *mails(), *renderings()]
        except DatabaseError:
            found = []
        yield GaugeMetricFamily("readiness_database_answers", "Whether the database answered", value=bool(found))
        yield from found

    def describe(self) -> list[Metric]:
        return []


def jobs() -> Iterator[Metric]:
    by_state = GaugeMetricFamily("readiness_jobs", "Job rows by task and state", labels=["task", "state"])
    for task, state, number in many(Job.objects.all(), "task", "state"):
        by_state.add_metric([task, state], number)
    yield by_state
    now = timezone.now()
    oldest = Job.objects.filter(state=JobState.QUEUED, due_at__lte=now).aggregate(since=Min("due_at"))["since"]
    yield GaugeMetricFamily(
        "readiness_oldest_waiting_job_seconds", "How long the oldest job that is due has waited; 0 when none waits",
        value=(now - oldest).total_seconds() if oldest else 0,
    )  # fmt: skip


def mails() -> Iterator[Metric]:
    by_state = GaugeMetricFamily("readiness_mails", "Mails by the state of their job", labels=["state"])
    for state, number in many(Job.objects.filter(mail__isnull=False), "state"):
        by_state.add_metric([state], number)
    yield by_state


def renderings() -> Iterator[Metric]:
    seconds = SummaryMetricFamily("readiness_render_seconds", "From a worker's claim to the document", labels=["kind"])
    made = Report.objects.filter(job__state=JobState.DONE, job__claimed_at__isnull=False).order_by().values("kind")
    for row in made.annotate(number=Count("pk"), total=Sum(F("job__finished_at") - F("job__claimed_at"))):
        seconds.add_metric([row["kind"]], row["number"], row["total"].total_seconds())
    yield seconds


def many(rows: QuerySet[Job], *fields: str) -> Iterator[tuple[Any, ...]]:
    """The values of the fields, each combination with how many rows have it."""
    yield from rows.order_by(*fields).values_list(*fields).annotate(number=Count("pk"))

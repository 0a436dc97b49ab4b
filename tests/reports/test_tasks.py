"""The job that makes a document: once, or with a sentence that says why not."""

import errno
import json
from typing import Any

import pytest

from foundation import checksums, jobs
from foundation.files import NotStored, path_of
from foundation.models import Job, JobState, StoredFile
from reports import pdf
from reports.models import Problem, Report
from reports.tasks import render_report
from tests.factories.reports import ReportFactory, SnapshotFactory

pytestmark = [pytest.mark.django_db, pytest.mark.pdf]


def made(report: Report) -> Report:
    render_report(report.job_id)
    return Report.objects.select_related("job", "file", "project__country").get(pk=report.pk)


def changed_snapshot(**changes: Any) -> Any:
    """A snapshot whose content was frozen in another way."""
    snapshot = SnapshotFactory()
    snapshot.content = checksums.canonical(json.loads(snapshot.content) | changes)
    snapshot.sha256 = checksums.sha256(snapshot.content)
    snapshot.save()
    return snapshot


@pytest.mark.parametrize("kind", ["capability", "toolkit", "strategy"])
def test_a_document_is_made_and_published(kind: str):
    """Of the small framework of another domain: two pillars, four levels, weakest links."""
    report = made(ReportFactory(kind=kind))
    assert (report.job.state, report.job.progress, report.job.problem) == (JobState.DONE, 100, "")
    assert report.file is not None
    assert report.pages > 5
    assert path_of(report.file).read_bytes().startswith(b"%PDF-1.7")
    assert (report.file.name, report.file.content_type) == (report.file_name, "application/pdf")


def test_a_job_delivered_twice_makes_one_document():
    report = made(ReportFactory())
    again = made(report)
    assert again.file == report.file
    assert again.job.attempt == 1
    assert list(StoredFile.objects.all()) == [report.file]


def test_a_worker_that_lost_its_job_publishes_nothing(monkeypatch: pytest.MonkeyPatch):
    report = ReportFactory()
    original = pdf.render

    def taken_over(html: str, **options: Any) -> pdf.Printed:
        printed = original(html, **options)
        Job.objects.filter(pk=report.job_id).update(token="0" * 32)
        return printed

    monkeypatch.setattr(pdf, "render", taken_over)
    assert made(report).file is None
    assert StoredFile.objects.count() == 0


def test_a_language_that_the_framework_lacks_is_said():
    snapshot = SnapshotFactory()
    frozen = json.loads(snapshot.content)
    snapshot = changed_snapshot(framework=frozen["framework"] | {"languages": ["fr"]})
    report = made(ReportFactory(snapshot=snapshot))
    assert (report.job.state, report.job.problem) == (JobState.FAILED, Problem.LANGUAGE_MISSING)
    assert report.problem_words == str(Problem.LANGUAGE_MISSING.label)


def test_a_snapshot_of_another_format_is_said():
    assert made(ReportFactory(snapshot=changed_snapshot(format=0))).job.problem == Problem.SNAPSHOT_UNREADABLE


def test_a_snapshot_that_was_tampered_with_is_not_printed():
    snapshot = SnapshotFactory()
    snapshot.content = snapshot.content.replace("Poste", "Prose")
    snapshot.save()
    assert made(ReportFactory(snapshot=snapshot)).job.problem == Problem.SNAPSHOT_UNREADABLE


def test_a_full_disk_is_said(monkeypatch: pytest.MonkeyPatch):
    def full(*_chunks: Any, **_about: Any) -> None:
        raise NotStored(OSError(errno.ENOSPC, "No space left on device"))

    monkeypatch.setattr("foundation.files.store", full)
    report = made(ReportFactory())
    assert (report.job.state, report.job.problem, report.file) == (JobState.FAILED, Problem.NO_SPACE, None)


def test_an_unforeseen_error_is_tried_three_times_then_said(monkeypatch: pytest.MonkeyPatch):
    def broken(*_html: Any, **_options: Any) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(pdf, "render", broken)
    report = ReportFactory()
    states = [made(report).job.state for _attempt in range(Job.ATTEMPTS)]
    assert states == [JobState.QUEUED, JobState.QUEUED, JobState.FAILED]
    assert made(report).problem_words == str(Problem.ATTEMPTS_USED.label)


def test_every_problem_of_a_job_has_its_sentence():
    assert all(str(problem.label).endswith(".") for problem in Problem)
    assert ReportFactory.build(job__problem="unheard_of").problem_words == str(Problem.ATTEMPTS_USED.label)


def test_documents_have_a_queue_of_their_own():
    assert jobs.queue_of(render_report.name) == "documents"

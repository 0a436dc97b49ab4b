"""A worker killed with SIGKILL in the middle of a document: the document still arrives, once."""

import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests import servers

pytestmark = pytest.mark.server
SETTINGS = {
    "DEMO": "no", "ADMIN_EMAIL": "first@ib.example", "ADMIN_PASSWORD": "a-long-enough-password",
    "JOB_LEASE_SECONDS": "5", "CLOCK_SECONDS": "1",
}  # fmt: skip
CREATE = """
from tests.factories import assessments
from toolkit.models import FrameworkVersion
assessments.opened_project(framework=FrameworkVersion.objects.get(code="dre"))
"""
ASK = """
from projects.models import Project
from reports.actions.reports import request_report
project = Project.objects.get()
print(request_report(project, "capability", "{language}", by=project.manager).pk)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that was started on once, with one project."""
    folder = tmp_path_factory.mktemp("killed") / "var"
    with servers.site(folder, **SETTINGS) as site:
        site.manage("shell", "--verbosity=0", "--command", CREATE)
    return folder


@pytest.fixture(params=["redis", "embedded"])
def site(request: pytest.FixtureRequest, folder: Path) -> Iterator[servers.Site]:
    """With its messages in Redis; with its messages as files, which a killed worker takes with it."""
    redis = request.getfixturevalue("redis_server").removesuffix("/0") + "/2" if request.param == "redis" else ""
    with servers.site(folder, **SETTINGS, **({"REDIS_URL": redis} if redis else {})) as running:
        servers.wait_for("the worker runs", lambda: len(running.pids("celery")) == 3)
        yield running


def read(site: servers.Site, query: str, *arguments: Any) -> list[tuple[Any, ...]]:
    address = f"file:{site.folder / 'readiness.sqlite3'}?mode=ro"
    with closing(sqlite3.connect(address, uri=True, timeout=20)) as database:
        return database.execute(query, arguments).fetchall()


def state(site: servers.Site, report: str) -> tuple[Any, ...]:
    """State, stage and attempt of the report's one job."""
    query = "SELECT state, stage, attempt FROM foundation_job JOIN reports_report r ON r.job_id = foundation_job.id"
    [row] = read(site, f"{query} WHERE r.id = ?", report)
    return row


def documents(site: servers.Site) -> set[Path]:
    return set((site.folder / "files" / "reports").glob("*"))


def test_a_document_arrives_once_although_its_worker_was_killed(site: servers.Site) -> None:
    before = documents(site)
    ask = ASK.format(language="fr" if "REDIS_URL" in site.environment else "en")
    report = site.manage("shell", "--verbosity=0", "--command", ask).strip()
    servers.wait_for(
        "the document is being laid out", lambda: state(site, report) == ("running", "rendering", 1), every=0.01
    )
    killed = site.pids("celery")
    for pid in sorted(killed):  # the worker first, then its pool
        os.kill(pid, signal.SIGKILL)
    assert state(site, report)[0] == "running"

    servers.wait_for("another worker runs", lambda: len(set(site.pids("celery")) - set(killed)) == 3)
    servers.wait_for("the document is there", lambda: state(site, report)[0] == "done", seconds=60)
    assert state(site, report) == ("done", "writing", 2)
    [(path, pages)] = read(
        site,
        "SELECT f.path, r.pages FROM reports_report r JOIN foundation_storedfile f ON f.id = r.file_id WHERE r.id = ?",
        report,
    )
    assert pages > 5
    assert (site.folder / "files" / path).read_bytes().startswith(b"%PDF-1.7")
    assert documents(site) - before == {site.folder / "files" / path}

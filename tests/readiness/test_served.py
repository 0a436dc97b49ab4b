"""The served mode as docker-compose.yml says it: its own commands, environment and checks, on real servers.

Two web process groups, two workers and two clocks behind nginx with TLS do the main job over HTTP.
"""

import json
import os
import re
import subprocess
import uuid
from collections.abc import Iterator
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from tests import compose, servers
from tests.factories.accounts import PASSWORD

pytestmark = pytest.mark.server
CREATE = """
import json
from projects.permissions import Role
from tests.factories import assessments as work
from tests.factories.accounts import UserFactory
from tests.factories.projects import member, staff
from toolkit.models import FrameworkVersion

project = work.opened_project(framework=FrameworkVersion.objects.get(code="dre"))
focal, manager = member(project, Role.COORDINATOR), staff()
whole = work.outline.structure(work.national_sheet(project).instrument)
asked = [asked.code for asked in whole.questions.values() if asked.is_scored and not asked.condition]
print(json.dumps({
    "id": str(project.public_id), "asked": asked[:6], "sheet": whole.instrument.code,
    "focal": focal.email, "manager": manager.email, "manager_id": str(manager.public_id),
}))
"""
JOBS = """
import json
from foundation.models import Job
print(json.dumps(list(Job.objects.filter(task="reports.render_report").values_list("request_id", "state", "attempt"))))
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Served]:
    with servers.served(tmp_path_factory.mktemp("served")) as running:
        yield running


@pytest.fixture(scope="module")
def project(site: servers.Served) -> SimpleNamespace:
    return SimpleNamespace(**json.loads(site.manage("shell", "--verbosity=0", "--command", CREATE)))


@pytest.fixture(scope="module")
def saved(site: servers.Served, project: SimpleNamespace) -> list[requests.Response]:
    """The coordinator's answers: six, and one based on what was replaced."""
    focal = site.signed_in(project.focal, PASSWORD)
    page = f"/projects/{project.id}/sheets/{project.sheet}/"
    token = focal.token("/profile/")

    def save(code: str, level: int) -> requests.Response:
        fields = {"base": 0, "save_id": uuid.uuid4(), "value": level, "basis": "document"}
        return focal.post(
            f"{site.url}{page}answers/{code}/", {f"{code}:{name}": value for name, value in fields.items()}, timeout=60,
            headers={"Accept": "application/json", "X-CSRFToken": token, "Referer": site.url + page},
        )  # fmt: skip

    return [save(code, 2) for code in project.asked] + [save(project.asked[0], 3)]


@pytest.fixture(scope="module")
def document(site: servers.Served, project: SimpleNamespace, saved: list[requests.Response]) -> SimpleNamespace:
    """The document that the manager asks for: the reply to the request, and the reply with the file."""
    manager = site.signed_in(project.manager, PASSWORD)
    page = f"/projects/{project.id}/deliverables/"
    asked = manager.submit(f"{page}request/", {"kind": "capability", "language": "en"}, page=page)
    assert (asked.status_code, asked.headers["Location"]) == (302, page)
    found: list[str] = []

    def is_there() -> bool:
        found[:] = re.findall(rf'"({page}[0-9a-f-]+/file/)"', manager.open(page).text)
        return bool(found)

    servers.wait_for("the document is there", is_there, seconds=120, every=0.5)
    return SimpleNamespace(asked=asked, file=manager.open(found[0]), by=project.manager_id)


def read_lines(text: str) -> list[dict]:
    """The JSON lines among what processes write."""
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def figures(site: servers.Served) -> dict[str, float]:
    """The samples of every web process, added up; those that come from rows are the same everywhere."""
    total: dict[str, float] = {}
    for address in site.addresses:
        headers = {"Authorization": f"Bearer {servers.VARIABLES['METRICS_TOKEN']}"}
        text = requests.get(f"{address}/metrics", headers=headers, timeout=30).text
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                name = " ".join([sample.name, *(sample.labels[key] for key in sorted(sample.labels))])
                total[name] = total.get(name, 0) + sample.value
    return total


def test_every_part_is_healthy_by_its_own_check(site):
    site.wait_until_healthy("web", "worker", "clock", "proxy")
    found = compose.services({**servers.VARIABLES, "SITE_URL": site.url})
    where, queue = urlsplit(site.database_url), urlsplit(site.redis_url)
    environment = {
        "PATH": f"{servers.POSTGRESQL}:{os.environ['PATH']}", "PGHOST": str(where.hostname), "PGPORT": str(where.port),
    }  # fmt: skip
    for name in ("postgres", "redis"):
        check = [word.replace("redis-cli", f"redis-cli -p {queue.port}") for word in found[name].health]
        assert subprocess.run(check, env=environment, check=False).returncode == 0
        away = [word.replace("redis-cli", "redis-cli -p 1") for word in found[name].health]
        assert subprocess.run(away, env=environment | {"PGPORT": "1"}, check=False, capture_output=True).returncode


def test_answers_are_saved_and_a_conflict_is_told(saved):
    assert [reply.status_code for reply in saved] == [200] * 6 + [409]
    assert saved[-1].json()["outcome"] == "conflict"


def test_a_document_is_made_and_read(document):
    assert document.file.status_code == 200
    assert document.file.content.startswith(b"%PDF-1.7")
    assert document.file.headers["Content-Disposition"].startswith("attachment")


def test_a_request_is_followed_into_its_job(site, document):
    """From nginx, which names it, to the web process that answers, to the worker that does what it asked for."""
    name = document.asked.headers["X-Request-ID"]
    [at_the_proxy] = [line for line in read_lines(site.log("proxy")) if line["request"] == name]
    assert (at_the_proxy["status"], at_the_proxy["message"].endswith("/deliverables/request/")) == (302, True)
    [at_the_web] = [line for line in read_lines(site.log("web")) if line.get("request") == name]
    assert (at_the_web["status"], at_the_web["user"], at_the_web["method"]) == (302, document.by, "POST")
    [at_the_worker] = [line for line in read_lines(site.log("worker")) if line.get("request") == name]
    assert (at_the_worker["logger"], at_the_worker["task"]) == ("foundation.jobs", "reports.render_report")
    assert re.fullmatch("[0-9a-f-]{36}", at_the_worker["job"])
    assert json.loads(site.manage("shell", "--verbosity=0", "--command", JOBS)) == [[name, "done", 1]]


def test_both_web_processes_answer(site, document):
    asked = {line["asked"] for line in read_lines(site.log("proxy"))}
    assert {urlsplit(address).netloc for address in site.addresses} <= asked


def test_lines_hold_no_personal_data(site, project, document):
    """Neither people's mail addresses nor names; every line is JSON once a process is up."""
    written = "".join(site.log(role) for role in ("web", "worker", "clock", "proxy"))
    for secret in (project.focal, project.manager, PASSWORD, "@valmara", "Person "):
        assert secret not in written
    for line in site.log("web").splitlines():
        assert {"time", "level", "logger", "message"} <= set(json.loads(line))


def test_figures_show_saves_jobs_and_mails(site, document):
    found = figures(site)
    web = len(site.addresses)
    assert (found["readiness_saves_total 200"], found["readiness_saves_total 409"]) == (6, 1)
    assert found["readiness_conflicts_total"] == 1
    assert found["readiness_requests_total POST 302 reports:report_request"] == 1
    assert found["readiness_request_seconds_count assessments:answer_save"] == 7
    assert found["readiness_jobs done reports.render_report"] == web
    assert found["readiness_render_seconds_count capability"] == web
    assert found["readiness_render_seconds_sum capability"] > 0
    assert found["readiness_oldest_waiting_job_seconds"] == 0

    for part in site.parts["web"]:  # they count anew with each start; rows stay
        part.restart()
    site.wait_until_healthy("web")
    found = figures(site)
    assert "readiness_saves_total 200" not in found
    assert found["readiness_jobs done reports.render_report"] == web


def test_proxy_decides_what_is_believed_of_a_visitor(site):
    """It says https and the address itself, names the request itself, and keeps the figures inside."""
    visitor = site.visitor()
    lie = {"X-Forwarded-Proto": "http", "X-Forwarded-For": "10.9.8.7", "X-Request-ID": "chosen-by-the-visitor"}
    reply = visitor.open("/accounts/login/", headers=lie)
    assert reply.status_code == 200  # over http it would be sent to https, without end
    assert re.fullmatch("[0-9a-f]{32}", reply.headers["X-Request-ID"])
    token = {"Authorization": f"Bearer {servers.VARIABLES['METRICS_TOKEN']}"}
    assert visitor.open("/metrics", headers=token).status_code == 404
    assert requests.get(f"{site.addresses[0]}/metrics", timeout=30).status_code == 401
    assert "nginx/" not in reply.headers["Server"]


def test_without_tls_one_is_sent_to_tls(site):
    configuration = (site.folder / "proxy" / "nginx.conf").read_text()
    [plain] = re.findall(r"listen (127\.0\.0\.1:\d+) default_server;", configuration)
    reply = requests.post(f"http://{plain}/accounts/login/?next=/", timeout=30, allow_redirects=False)
    assert (reply.status_code, reply.headers["Location"]) == (308, "https://127.0.0.1/accounts/login/?next=/")


def test_too_large_a_body_is_refused_at_the_door(site):
    visitor = site.visitor()
    assert visitor.post(f"{site.url}/accounts/login/", b"x" * (5 << 20), timeout=60).status_code == 413


def test_parts_die_and_end_as_the_file_says(site, tmp_path):
    """A dead one fails its check; one that is asked to stops by itself, with all it started, in time."""
    with servers.served(tmp_path / "site", web=1, workers=1, clocks=1, database_url=site.database_url) as other:
        other.wait_until_healthy()
        web, worker, clock = (other.parts[role][0] for role in ("web", "worker", "clock"))
        for part in (web, worker, clock):
            part.kill()
        heartbeat = other.folder / "clock1" / "tmp" / "clock"
        os.utime(heartbeat, (heartbeat.stat().st_mtime - 120,) * 2)
        assert [part.is_healthy() for part in (web, worker, clock)] == [False] * 3
        assert other.visitor().open("/health/live").status_code == 502
        for part in (web, worker, clock):
            part.start()
        other.wait_until_healthy()
        parts = other.every_part()
        for part in parts:
            part.ask_to_stop()
        assert [part.process.wait(timeout=part.service.grace) for part in parts] == [0] * len(parts)
        servers.wait_for("nothing of them is left", lambda: not any(part.pids() for part in parts), seconds=10)

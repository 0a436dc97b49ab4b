"""Documents: two ask at once, a template that raises, a project deleted and a member removed while it is made."""

import dataclasses
import shutil
import signal
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import servers
from tests.drills import faults, people
from tests.factories.accounts import PASSWORD

pytestmark = pytest.mark.server
DELETE = """
from projects.models import Project
project = Project.objects.get(public_id="{project}")
project.reports.all().delete()
project.delete()
"""


@contextmanager
def stopped_while_rendering(town: people.Town, report: str) -> Iterator[None]:
    """The workers stand still in the middle of the document, and go on at the end of the block."""
    town.wait_for_job(report, "running", "rendering")
    faults.send(town.worker_pids(), signal.SIGSTOP)
    try:
        assert town.job(report)[:2] == ("running", "rendering")
        yield
    finally:
        faults.send(town.worker_pids(), signal.SIGCONT)


def test_several_who_ask_at_once_through_two_web_processes_get_one_document(town: people.Town) -> None:
    project, page = town.apart, f"/projects/{town.apart}/deliverables/"
    asking = [town.tab_of_manager() for _ in range(6)]
    kinds = ["capability", "toolkit", "strategy"]
    before = dict(town.rows("SELECT kind, count(*) FROM reports_report WHERE language = 'fr' GROUP BY kind"))
    with ThreadPoolExecutor(len(asking)) as pool:
        for kind in kinds:
            form = {"kind": kind, "language": "fr"}
            replies = list(pool.map(lambda who, form=form: who.submit(f"{page}request/", form, page=page), asking))
            assert [reply.status_code for reply in replies] == [302] * len(asking)
    after = dict(town.rows("SELECT kind, count(*) FROM reports_report WHERE language = 'fr' GROUP BY kind"))
    assert after == {kind: before.get(kind, 0) + 1 for kind in kinds}
    for kind in kinds:
        report = town.last(project, kind, "fr")
        town.wait_for_job(report, "done", "writing", 1)
        town.assert_made_once(project, report)
    asked = [line for line in town.site.log("proxy").splitlines() if f"POST {page}request/" in line]
    assert all(any(address.removeprefix("http://") in line for line in asked) for address in town.site.addresses)


def test_a_template_that_raises_fails_with_a_sentence_and_works_once_it_is_mended(
    town: people.Town, tmp_path: Path
) -> None:
    copy = tmp_path / "release"
    left_out = shutil.ignore_patterns(".venv", ".git", "var", "tests", "__pycache__")
    shutil.copytree(servers.ROOT, copy, ignore=left_out)
    with (copy / "templates" / "reports" / "print" / "toolkit.html").open("a") as template:
        template.write("{% there_is_no_such_tag %}")
    workers = town.site.parts["worker"]
    for worker in workers:
        worker.ask_to_stop()
    for worker in workers:
        worker.stop()
    faulty = dataclasses.replace(workers[0], place=copy)
    faulty.start()
    try:
        report = town.ask(town.apart, "toolkit", "en")
        town.wait_for_job(report, "failed", "gathered", 3, "attempts_used")
        assert "It was tried three times without success. Ask again" in town.words_of(town.apart, report)
    finally:
        faulty.stop()
        for worker in workers:
            worker.start()
    town.ask_again(town.apart, report)
    town.wait_for_job(report, "done", "writing", 1)
    town.assert_made_once(town.apart, report)


def test_a_project_deleted_while_its_document_is_made_leaves_nothing(town: people.Town) -> None:
    report = town.ask(town.doomed)
    [(job,)] = town.rows("SELECT job_id FROM reports_report WHERE public_id = %s", report)
    page = f"/projects/{town.doomed}/deliverables/{report}/progress/"
    with stopped_while_rendering(town, report):
        town.site.manage("shell", "--verbosity=0", "--command", DELETE.format(project=town.doomed))
        assert town.manager.open(page).status_code == 404
    state = "SELECT state, problem FROM foundation_job WHERE id = %s"
    servers.wait_for("the job is over", lambda: town.rows(state, job) == [("failed", "gone")], seconds=60)
    folder = town.site.folder / "var" / "files" / "reports"
    assert list(folder.glob(f"{uuid.UUID(report).hex}*")) == []
    assert town.rows("SELECT path FROM foundation_storedfile WHERE path LIKE %s", f"%{uuid.UUID(report).hex}") == []
    assert town.rows("SELECT id FROM reports_report WHERE public_id = %s", report) == []


def test_a_member_removed_while_their_document_is_made_sees_it_no_more_and_others_have_it(town: people.Town) -> None:
    expert = town.site.signed_in(town.leaving, PASSWORD)
    report = town.ask(town.apart, by=expert)
    with stopped_while_rendering(town, report):
        membership = "SELECT m.public_id FROM projects_membership m JOIN accounts_user u ON u.id = m.user_id"
        [(place,)] = town.rows(f"{membership} WHERE u.email = %s", town.leaving)
        page = f"/projects/{town.apart}/team/"
        assert town.manager.submit(f"{page}members/{place}/end/", page=page).status_code == 302
        answer = expert.open(f"/projects/{town.apart}/deliverables/{report}/progress/")
        assert (answer.status_code, "Traceback" in answer.text) == (404, False)
    town.wait_for_job(report, "done", "writing", 1)
    assert expert.open(f"/projects/{town.apart}/deliverables/{report}/file/").status_code == 404
    town.assert_made_once(town.apart, report)

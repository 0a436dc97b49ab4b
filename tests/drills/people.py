"""The site that the drills are done to, and people who work on it as the page's script does: resending unchanged."""

import json
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import psycopg2
import requests

from tests import servers
from tests.factories.accounts import PASSWORD

PROJECTS = 5
CODES = ("G-1", "A.1-1", "A.1-2", "A.2-1")  # each person of a project writes on one of them
CREATE = f"""
import json
from projects.permissions import Role
from tests.factories.assessments import opened_project
from tests.factories.projects import member, staff
manager = staff()
projects = [opened_project(manager=manager) for _ in range({PROJECTS})]
apart, doomed = opened_project(manager=manager), opened_project(manager=manager)
print(json.dumps({{
    "manager": manager.email,
    "apart": str(apart.public_id),
    "doomed": str(doomed.public_id),
    "expert": member(apart, Role.EXPERT).email,
    "leaving": member(apart, Role.EXPERT).email,
    "projects": {{
        str(project.public_id): [member(project, Role.CONTRIBUTOR).email for _ in {CODES!r}] for project in projects
    }},
}}))
"""


@dataclass
class Town:
    """A served site with a few projects, and the person of the International Bureau who manages them."""

    site: servers.Served
    manager: servers.Visitor
    projects: dict[str, list[str]]  # each with the addresses of its contributors
    apart: str  # a project in which nobody writes, for documents
    doomed: str  # one that will be deleted
    expert: str  # the address of an expert of `apart`
    leaving: str  # of another, who will be removed

    def rows(self, query: str, *arguments: Any) -> list[tuple[Any, ...]]:
        return rows(self.site.database_url, query, *arguments)

    def tab_of_manager(self) -> servers.Visitor:
        """Another tab of the same browser."""
        tab = self.site.visitor()
        tab.cookies.update(self.manager.cookies)
        return tab

    # ── Documents ────────────────────────────────────────────────────────────
    def ask(
        self, project: str, kind: str = "capability", language: str = "en", *, by: servers.Visitor | None = None
    ) -> str:
        """Ask for a document as a person does; its address's last part."""
        page = f"/projects/{project}/deliverables/"
        answer = (by or self.manager).submit(f"{page}request/", {"kind": kind, "language": language}, page=page)
        assert answer.status_code == 302, answer.text
        return self.last(project, kind, language)

    def last(self, project: str, kind: str = "capability", language: str = "en") -> str:
        query = (
            "SELECT r.public_id FROM reports_report r JOIN projects_project p ON p.id = r.project_id"
            " WHERE p.public_id = %s AND r.kind = %s AND r.language = %s ORDER BY r.version DESC LIMIT 1"
        )
        [(public_id,)] = self.rows(query, project, kind, language)
        return str(public_id)

    def ask_again(self, project: str, report: str) -> None:
        page = f"/projects/{project}/deliverables/"
        assert self.manager.submit(f"{page}{report}/again/", page=page).status_code == 302

    def job(self, report: str) -> tuple[Any, ...]:
        """State, stage, attempt and problem."""
        query = "SELECT state, stage, attempt, problem FROM foundation_job j JOIN reports_report r ON r.job_id = j.id"
        [row] = self.rows(f"{query} WHERE r.public_id = %s", report)
        return row

    def wait_for_job(self, report: str, *wanted: Any, seconds: float = 90) -> None:
        """Until state, stage, … are these."""
        servers.wait_for(
            f"{report} is {wanted}", lambda: self.job(report)[: len(wanted)] == wanted, seconds=seconds, every=0.01
        )

    def let_leases_run_out(self) -> None:
        """Time that passes: what a living worker has, it extends again."""
        self.rows("UPDATE foundation_job SET lease_until = now() WHERE state = 'running' RETURNING id")

    def assert_made_once(self, project: str, report: str) -> None:
        """One row, one file, which is the one downloaded and the only one that was made for it."""
        query = (
            "SELECT f.path FROM foundation_storedfile f LEFT JOIN reports_report r ON r.file_id = f.id"
            " WHERE f.path = %s OR r.public_id = %s"
        )
        path = f"reports/{uuid.UUID(report).hex}"
        assert self.rows(query, path, report) == [(path,)]
        folder = self.site.folder / "var" / "files" / "reports"
        assert [file.name for file in folder.glob(f"{uuid.UUID(report).hex}*")] == [uuid.UUID(report).hex]
        page = self.manager.open(f"/projects/{project}/deliverables/{report}/file/")
        assert (page.status_code, page.content[:8]) == (200, b"%PDF-1.7")
        assert page.content.rstrip().endswith(b"%%EOF")

    def words_of(self, project: str, report: str) -> str:
        """What the page says of the document."""
        answer = self.manager.open(f"/projects/{project}/deliverables/{report}/progress/")
        assert answer.status_code == 200
        return " ".join(answer.text.split())

    # ── Workers ──────────────────────────────────────────────────────────────
    def worker_pids(self) -> list[int]:
        return [pid for part in self.site.parts["worker"] for pid in part.pids()]

    # ── Saves ────────────────────────────────────────────────────────────────
    def writers(self) -> list["Writer"]:
        """Everybody who writes, signed in."""
        places = [(project, email, code) for project, emails in self.projects.items()
                  for email, code in zip(emails, CODES, strict=True)]  # fmt: skip
        return [Writer.come_in(self.site, *place) for place in places]

    def assert_nothing_lost(self, writers: list["Writer"]) -> None:
        """Each confirmed save is there, once and with its number; nothing else is; counters are those of a recount."""
        query = "SELECT save_id, number, kind, note FROM assessments_answerrevision WHERE saved_by_id ="
        for writer in writers:
            mine = f"{query} (SELECT id FROM accounts_user WHERE email = %s) ORDER BY number"
            found = [
                (str(save_id), number, kind, note) for save_id, number, kind, note in self.rows(mine, writer.email)
            ]
            assert found == writer.confirmed
        total = sum(len(writer.confirmed) for writer in writers)
        heads = self.rows("SELECT count(*), sum(number) FROM assessments_answer")
        assert heads == [(sum(bool(writer.confirmed) for writer in writers), total)]
        self.site.manage("recount", "--check")


def rows(address: str, query: str, *arguments: Any) -> list[tuple[Any, ...]]:
    with closing(psycopg2.connect(address)) as database, database, database.cursor() as cursor:
        cursor.execute(query, arguments)
        return cursor.fetchall() if cursor.description else []


def settled(site: servers.Served) -> Town:
    made = json.loads(site.manage("shell", "--verbosity=0", "--command", CREATE))
    return Town(site, site.signed_in(made.pop("manager"), PASSWORD), **made)


class Failed(AssertionError):
    """A request that had to succeed at once did not."""


@dataclass
class Writer:
    """A person at one question. What they send is resent unchanged, under its save id, until it is confirmed."""

    visitor: servers.Visitor
    email: str
    code: str
    address: str
    token: str
    page: str
    confirmed: list[tuple[str, int, str, str]] = field(default_factory=list)  # save id, number, kind, note
    replies: Counter[int] = field(default_factory=Counter)  # by status; 0: none came
    patient: bool = True  # else the first reply has to be the confirmation

    @classmethod
    def come_in(cls, site: servers.Served, project: str, email: str, code: str) -> "Writer":
        visitor = site.signed_in(email, PASSWORD)
        sheet = f"/projects/{project}/sheets/questionnaire/"
        page = f"{sheet}sections/{code.split('-')[0]}/"
        return cls(visitor, email, code, f"{sheet}answers/{code}/", visitor.token(page), page)

    def save(self) -> None:
        number = len(self.confirmed)
        save_id, note = str(uuid.uuid4()), f"{self.email} {number}"
        value = "" if number % 5 == 4 else str(number % 4 + 1)  # blank now and then, so that counters move
        body = {":value": value, ":note": note, ":base": str(number), ":save_id": save_id}
        fields = {f"{self.code}{name}": text for name, text in body.items()}
        until = time.monotonic() + 120
        while (reply := self.send(fields)) is None:
            if not self.patient:
                raise Failed(f"{self.email}: {self.replies}")
            assert time.monotonic() < until, f"{self.email} was never answered: {self.replies}"
            time.sleep(0.1)  # as the script does, though it waits longer
        assert (reply["outcome"], reply["number"]) == ("saved", number + 1), reply
        self.confirmed.append((save_id, number + 1, "accepted", note))

    def send(self, fields: dict[str, str]) -> dict[str, Any] | None:
        """The confirmation; None when there is none to be had now."""
        headers = {
            "Accept": "application/json", "X-CSRFToken": self.token, "Referer": self.visitor.url + self.page,
        }  # fmt: skip
        address = self.visitor.url + self.address
        try:
            answer = self.visitor.post(address, data=fields, headers=headers, timeout=30, allow_redirects=False)
        except requests.RequestException:  # no line, or half an answer
            self.replies[0] += 1
            return None
        self.replies[answer.status_code] += 1
        assert "Traceback" not in answer.text
        if answer.status_code == 200:
            return answer.json()
        assert answer.status_code >= 500, f"{answer.status_code}: {answer.text[:500]}"
        return None


@contextmanager
def busy(writers: list[Writer], *, at_least: int = 0, patient: bool = True) -> Iterator[Callable[[], int]]:
    """All of them write until the block ends and each has saved `at_least` so often; gives how many are confirmed.

    What went wrong in a thread is raised at the end.
    """
    over = threading.Event()
    before = sum(len(writer.confirmed) for writer in writers)

    def write(writer: Writer) -> None:
        writer.patient = patient
        for done in count():
            if over.is_set() and done >= at_least:
                return
            writer.save()
            time.sleep(0.02)  # they think; and the machine has two processors

    with ThreadPoolExecutor(len(writers)) as pool:
        running = [pool.submit(write, writer) for writer in writers]
        try:
            yield lambda: sum(len(writer.confirmed) for writer in writers) - before
        finally:
            over.set()
        for future in running:
            future.result()

"""The drill: a site is backed up while people save, and brought back on the other database, and back again.

What is compared is read from the databases themselves, by their own drivers, not through the code under test.
"""

import contextlib
import datetime
import decimal
import hashlib
import json
import re
import shutil
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
import psycopg2.extras
import pytest

from tests import servers

pytestmark = pytest.mark.server
LEFT_OUT = re.compile(r"django_(session|content_type|migrations)|auth_|sqlite_")

# Something in every table: two projects, a session, and one row of each table that is empty still.
FILL = """
from allauth.account.models import EmailAddress, EmailConfirmation
from django.contrib.sessions.models import Session
from django.utils import timezone
from accounts.models import User
from foundation import archives, files
from tests.access.world import world
from tests.factories import assessments as work
from tests.factories.reports import rich_project
world(released=True)
sheet = work.national_sheet(rich_project())
section = sheet.sections.order_by("pk").first()
work.SheetReturnFactory(sheet=sheet)
work.ReviewMarkFactory(sheet=sheet)
work.SheetVisitFactory(sheet=sheet)
work.SectionAssignmentFactory(sheet_section=section)
work.SectionSignatureFactory(sheet_section=section)
address = EmailAddress.objects.create(user=User.objects.first(), email="who@valmara.example", verified=True)
EmailConfirmation.objects.create(email_address=address, key="a" * 64, sent=timezone.now())
Session.objects.create(session_key="k" * 32, session_data="x", expire_date=timezone.now())
big = bytes(range(256)) * 20_000
files.store([big], folder="evidence", name="größer «Poste» 😀.pdf", content_type="application/pdf")
assert [model for model in archives.tables() if not model._base_manager.exists()] == [], "a table is empty"
"""

# Two people at one questionnaire, an answer each round and a file every fifth; each save is said when it is confirmed.
SAVE = """
import sys, threading, uuid
from django.db import connection
from assessments.actions.answers import Content, save_answer
from assessments.actions.evidence import Piece, add_file
from assessments.models import Answer
from tests.factories import assessments as work
from toolkit.models import Question
project = work.opened_project()
sheet, over, lock = work.national_sheet(project), threading.Event(), threading.Lock()
texts = list(Question.objects.filter(section__instrument=sheet.instrument, kind="text").order_by("pk"))
def save(person):
    for count in range(1_000_000):
        if over.is_set():
            break
        question, save_id = texts[count % len(texts)], uuid.uuid4()
        standing = Answer.objects.filter(sheet=sheet, question=question).first()
        content = Content(status="answered", value=f"{person} {count} " + "é" * 500)
        save_answer(
            sheet, question, content, base=standing.number if standing else 0, save_id=save_id, by=project.manager,
            language="en", institution="post",
        )
        if count % 5 == 0:
            add_file(sheet, question, [b"%PDF-1.7", str(count).encode() * 5000], name="a.pdf", content_type="",
                     said=Piece(), institution="post", by=project.manager)
        with lock:
            print(save_id, flush=True)
    connection.close()
people = [threading.Thread(target=save, args=(name,)) for name in ("Awa", "Luc")]
for thread in people:
    thread.start()
sys.stdin.read()
over.set()
for thread in people:
    thread.join()
"""

# What the site as restored must hold: every answer is the last accepted text of its question, every save of the list is
# there, no number is missing.
HOLDS = """
import sys, uuid
from assessments.models import Answer, AnswerRevision
saved = {uuid.UUID(line) for line in sys.stdin.read().split()}
kept = set(AnswerRevision.objects.values_list("save_id", flat=True))
assert saved <= kept, f"{len(saved - kept)} saves are lost"
for answer in Answer.objects.all():
    numbers = list(AnswerRevision.objects.filter(
        sheet=answer.sheet_id, question=answer.question_id, number__isnull=False
    ).order_by("number").values_list("number", flat=True))
    last = AnswerRevision.objects.get(sheet=answer.sheet_id, question=answer.question_id, number=answer.number)
    assert numbers == list(range(1, answer.number + 1)), (answer.pk, numbers)
    assert last.content() == answer.content(), answer.pk
print(len(kept))
"""

# Inside the snapshot another connection writes at once, and what it wrote is seen only afterwards.
ONE_MOMENT = """
import threading
from django.db import connection
from foundation.backups import snapshot
from foundation.models import Job
before = Job.objects.count()
def write():
    Job.objects.create(task="foundation.send_mail")
    connection.close()
def seen():
    return Job.objects.count() - before
with snapshot():
    first = seen()
    other = threading.Thread(target=write)
    other.start()
    other.join(timeout=10)
    print(first, other.is_alive(), seen())
print(seen())
"""

# A new row of any table gets a number that none has.
NEXT_NUMBERS = """
from django.db import connection
from foundation import archives
for model in archives.tables():
    largest = model._base_manager.order_by("-pk").values_list("pk", flat=True).first()
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id'))", [model._meta.db_table])
        assert cursor.fetchone()[0] > largest, model
"""


@dataclass
class Instance:
    """A data folder with a database, and what its tables hold by the database's own driver."""

    folder: Path
    environment: dict[str, str]
    read: Callable[[], dict[str, list[dict[str, Any]]]]

    def manage(self, *arguments: str | Path, input: str | None = None) -> str:
        return servers.manage(self.environment, *map(str, arguments), input=input)

    def shell(self, code: str, input: str | None = None) -> str:
        return self.manage("shell", "--verbosity=0", "--command", code, input=input)

    def files(self) -> dict[str, str]:
        place = self.folder / "files"
        found = [path for path in sorted(place.rglob("*")) if path.is_file()]
        return {str(path.relative_to(place)): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


Make = Callable[[], Instance]


def plain(value: Any) -> Any:
    """The same for a value of either driver: SQLite has numbers and texts where PostgreSQL has types."""
    match value:
        case decimal.Decimal():
            return float(value)
        case datetime.datetime():
            return str(value.astimezone(datetime.UTC).replace(tzinfo=None))
        case datetime.date():
            return value.isoformat()
        case str() if re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", value):
            return value.replace("-", "")
        case str():
            with contextlib.suppress(ValueError):
                return json.loads(value)  # a column of JSON, whose keys are in another order
    return value


def rows_of(cursor: Any, names: list[str]) -> dict[str, list[dict[str, Any]]]:
    found = {}
    for table in sorted(name for name in names if not LEFT_OUT.match(name)):
        cursor.execute(f'SELECT * FROM "{table}" ORDER BY id')
        columns = [column[0] for column in cursor.description]
        found[table] = [dict(zip(columns, map(plain, row), strict=True)) for row in cursor.fetchall()]
    return found


def read_sqlite(path: Path) -> dict[str, list[dict[str, Any]]]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return rows_of(connection.cursor(), [name for (name,) in names])


def read_postgresql(url: str) -> dict[str, list[dict[str, Any]]]:
    with contextlib.closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        psycopg2.extras.register_default_jsonb(connection, loads=str)
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        return rows_of(cursor, [name for (name,) in cursor.fetchall()])


@pytest.fixture(scope="module")
def new_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Makes an empty instance, migrated, on SQLite."""
    first = tmp_path_factory.mktemp("sqlite") / "first"
    servers.manage(servers.site_environment(first, 1), "migrate", "--verbosity=0")

    def make() -> Instance:
        folder = tmp_path_factory.mktemp("sqlite") / "var"
        folder.mkdir()
        shutil.copy(first / "readiness.sqlite3", folder)
        return Instance(folder, servers.site_environment(folder, 1), lambda: read_sqlite(folder / "readiness.sqlite3"))

    return make


@pytest.fixture(scope="module")
def new_postgresql(tmp_path_factory: pytest.TempPathFactory, postgresql_server: str) -> Make:
    """Makes an empty instance, migrated, on PostgreSQL."""
    server = postgresql_server.rpartition("/")[0]

    def create(name: str, template: str) -> str:
        with contextlib.closing(psycopg2.connect(f"{server}/template1")) as connection:
            connection.autocommit = True
            connection.cursor().execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return f"{server}/{name}"

    first = tmp_path_factory.mktemp("postgresql") / "first"
    url = create("drill", "template0")
    servers.manage(servers.site_environment(first, 1, DATABASE_URL=url), "migrate", "--verbosity=0")
    made: list[str] = []

    def make() -> Instance:
        made.append(f"drill{len(made)}")
        url = create(made[-1], "drill")
        folder = tmp_path_factory.mktemp("postgresql") / "var"
        return Instance(folder, servers.site_environment(folder, 1, DATABASE_URL=url), lambda: read_postgresql(url))

    return make


def test_from_sqlite_to_postgresql_and_back_nothing_differs(
    new_sqlite: Make, new_postgresql: Make, tmp_path: Path
) -> None:
    site, served, again = new_sqlite(), new_postgresql(), new_sqlite()
    site.shell(FILL)
    rows, stored = site.read(), site.files()
    assert [table for table, found in rows.items() if not found] == []
    assert len(stored) >= 3

    site.manage("backup", tmp_path / "there.tar")
    served.manage("restore", tmp_path / "there.tar")
    assert served.read() == rows
    assert served.files() == stored
    served.manage("backup", tmp_path / "back.tar")
    again.manage("restore", tmp_path / "back.tar")
    assert again.read() == rows
    assert again.files() == stored
    assert site.read() == rows  # a backup only reads

    assert "0 to mend" in again.manage("recount", "--check")
    served.shell(NEXT_NUMBERS)  # both go on
    again.shell("from tests.factories.foundation import JobFactory; JobFactory()")
    assert len(again.read()["foundation_job"]) == len(rows["foundation_job"]) + 1


@contextlib.contextmanager
def people_saving(instance: Instance, log: Path) -> Iterator[Callable[[], list[str]]]:
    """Until the block ends; what is given tells the saves that were confirmed so far."""
    with log.open("wb") as stream:
        people = subprocess.Popen(
            [sys.executable, "manage.py", "shell", "--verbosity=0", "--command", SAVE], cwd=servers.ROOT,
            env=instance.environment, stdin=subprocess.PIPE, stdout=stream, stderr=subprocess.PIPE,
        )  # fmt: skip

    def confirmed() -> list[str]:
        assert people.poll() is None, people.stderr and people.stderr.read().decode()
        return [line for line in log.read_text().splitlines(keepends=True) if line.endswith("\n")]

    try:
        yield confirmed
    finally:
        _, errors = people.communicate(timeout=60)
    assert (people.returncode, errors) == (0, b"")


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_backup_made_while_people_save_is_of_one_moment(
    database: str, new_sqlite: Make, new_postgresql: Make, tmp_path: Path
) -> None:
    site, other = (new_sqlite(), new_postgresql()) if database == "sqlite" else (new_postgresql(), new_sqlite())
    with people_saving(site, tmp_path / "saved") as confirmed:
        servers.wait_for("a few dozen saves", lambda: len(confirmed()) > 40)
        before = confirmed()
        site.manage("backup", tmp_path / "site.tar")
        after = len(confirmed())
        servers.wait_for("people went on saving", lambda: len(confirmed()) > after)
    assert after > len(before)  # they saved while it ran
    saved_in_all = len((tmp_path / "saved").read_text().splitlines())

    other.manage("restore", tmp_path / "site.tar")
    kept = int(other.shell(HOLDS, input="".join(before)))
    assert len(before) <= kept < saved_in_all
    assert "0 to mend" in other.manage("recount", "--check")
    rows, stored = other.read(), other.files()
    assert {row["path"]: row["sha256"] for row in rows["foundation_storedfile"]} == stored
    with tarfile.open(tmp_path / "site.tar") as archive:
        assert {name for name in archive.getnames() if name.startswith("files/")} == {
            f"files/{name}" for name in stored
        }


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_snapshot_sees_one_moment_and_keeps_nobody_from_writing(
    database: str, new_sqlite: Make, new_postgresql: Make
) -> None:
    instance = new_sqlite() if database == "sqlite" else new_postgresql()
    assert instance.shell(ONE_MOMENT).splitlines() == ["0 False 0", "1"]

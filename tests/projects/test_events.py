"""The history: every kind that anything logs has its whole sentence; findings stay with their readers until release."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from projects import events
from projects.models import ProjectEvent, log
from projects.permissions import Role
from reports.models import Deliverable
from tests.factories.projects import ProjectEventFactory, ProjectFactory, member, staff

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]
APPS = ("projects", "assessments", "reports")


def logged() -> Iterator[tuple[str, str, set[str]]]:
    """Every call of `log` in the code: where, the kind, the keywords its sentence may use."""
    for path in (path for app in APPS for path in sorted((ROOT / app).rglob("*.py"))):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "log" and len(node.args) == 2:
                keywords = {keyword.arg for keyword in node.keywords if keyword.arg} - {"for_findings"}
                yield from ((f"{path.relative_to(ROOT)}:{node.lineno}", kind, keywords) for kind in kinds(node.args[1]))


def kinds(argument: ast.expr) -> list[str]:
    """A literal, or one of two by a condition."""
    if isinstance(argument, ast.IfExp):
        return kinds(argument.body) + kinds(argument.orelse)
    assert isinstance(argument, ast.Constant), ast.dump(argument)
    return [argument.value]


def placeholders(kind: str) -> set[str]:
    return set(re.findall(r"%\((\w+)\)s", str(events.SENTENCES[kind])))


def test_every_kind_that_is_logged_has_a_sentence():
    assert [(where, kind) for where, kind, _keywords in logged() if kind not in events.SENTENCES] == []


def test_every_sentence_says_only_what_is_logged():
    assert [
        (where, kind, missing)
        for where, kind, keywords in logged()
        if (missing := placeholders(kind) - keywords)
    ] == []  # fmt: skip


def test_every_sentence_is_for_a_kind_that_is_logged():
    assert set(events.SENTENCES) - {kind for _where, kind, _keywords in logged()} == set()


def test_deliverables_have_the_names_of_the_reports_app():
    assert events.WORDS["kind"] == dict(Deliverable.choices)


@pytest.fixture
def project():
    return ProjectFactory()


def sentences(project, user) -> list[str]:
    return [entry.sentence for entry in events.entries(events.readable_events(project, user))]


def test_sentence_names_people_roles_dates_and_lists(project):
    by = project.manager
    log(project, "member_until_set", by=by, name="Léa", role=Role.EXPERT, until="2026-09-01")
    log(project, "member_until_set", by=by, name="Léa", role=Role.EXPERT, until="")
    log(project, "sheet_returned", by=by, sections=["A.1", "B.1"])
    log(project, "sheet_returned", by=by, sections=[])
    with translation.override("en"):
        assert sentences(project, staff()) == [
            f"{by.name} returned the questionnaire for completion: all sections.",
            f"{by.name} returned the questionnaire for completion: A.1, B.1.",
            f"{by.name} set the last day of access of Léa: none. Role: Expert.",
            f"{by.name} set the last day of access of Léa: 1\xa0September 2026. Role: Expert.",
        ]


@pytest.mark.parametrize(
    ("role", "before", "after"),
    [(Role.COORDINATOR, 0, 1), (Role.CONTRIBUTOR, 0, 1), (Role.SIGNATORY, 0, 1), (Role.EXPERT, 1, 1)],
)
def test_events_on_findings_are_for_their_readers_until_release(project, role, before, after):
    ProjectEventFactory(project=project, kind="level_validated", about={"question": "A.1-1"}, for_findings=True)
    person = member(project, role)
    assert len(sentences(project, person)) == before
    released = ProjectFactory(released=True)
    ProjectEventFactory(project=released, kind="level_validated", about={"question": "A.1-1"}, for_findings=True)
    assert len(sentences(released, member(released, role))) == after


def history(project) -> str:
    return reverse("projects:history", args=[project.public_id])


def test_history_shows_newest_first_in_pages(client, project):
    client.force_login(member(project, Role.COORDINATOR))
    for number in range(51):
        ProjectEventFactory(project=project, kind="step_done", about={"number": number})
    entries = client.get(history(project)).context["entries"]
    assert [entry.sentence for entry in entries] == [
        f"{project.manager.name} marked step {number} as done." for number in range(50, 0, -1)
    ]
    assert len(client.get(history(project), {"page": 2}).context["entries"]) == 1


def test_history_takes_as_many_queries_for_three_events_as_for_one(client, project, django_assert_num_queries):
    client.force_login(member(project, Role.COORDINATOR))
    ProjectEventFactory(project=project, kind="project_created")
    with CaptureQueriesContext(connection) as with_one:
        client.get(history(project))
    ProjectEventFactory.create_batch(2, project=project, kind="project_closed")
    with django_assert_num_queries(len(with_one)):
        client.get(history(project))


def test_history_is_for_the_team_only(client, project):
    client.force_login(member(project, Role.OBSERVER))
    assert client.get(history(project)).status_code == 403
    client.force_login(member(ProjectFactory(), Role.COORDINATOR))
    assert client.get(history(project)).status_code == 404
    client.force_login(member(project, Role.COORDINATOR))
    assert client.post(history(project)).status_code == 405
    assert ProjectEvent.objects.count() == 0

"""A world to measure on: whole, made up, repeatable; and pages that ask no more of a large database than of a small."""

import re
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, models, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from assessments.models import AnswerRevision, AnswerSheet, Observation, SheetState
from projects.models import Membership, Project, ProjectStatus
from projects.permissions import Role
from reports import world
from tests import guards
from tests.factories import toolkit

SMALL, LARGE = world.Size(countries=8, rounds=2, people=3), world.Size(countries=24, rounds=5, people=3)
NOT_COUNTED = re.compile(r"BEGIN|COMMIT|SAVEPOINT|RELEASE")


def fill(size: world.Size, seed: int = 1) -> None:
    toolkit.dre()
    call_command("load_countries", verbosity=0)
    world.fill(size, seed=seed, say=lambda text: None)


def contents() -> dict[str, list[tuple[Any, ...]]]:
    """Every row of ours, but for ids, times and what is random by its nature."""
    left_out = (models.AutoField, models.UUIDField, models.DateField, models.ForeignKey, models.OneToOneField)
    names = {"path", "token", "code", "password", "sha256", "content", "revisions"}
    found = {}
    for model in apps.get_models():
        if (settings.BASE_DIR / model._meta.app_label).is_dir() and model._meta.app_label != "toolkit":
            fields = [
                field.name
                for field in model._meta.concrete_fields
                if not isinstance(field, left_out) and field.name not in names
            ]
            rows = model._default_manager.order_by("pk")
            found[model._meta.label] = list(rows.values_list(*fields)) if fields else [()] * rows.count()
    return found


@pytest.mark.django_db
def test_the_same_seed_makes_the_same_world_and_its_counters_are_right():
    with transaction.atomic():
        fill(SMALL)
        one = contents()
        call_command("recount", "--check")
        assert set(AnswerSheet.objects.values_list("state", flat=True)) == set(SheetState.values)
        transaction.set_rollback(True)
    fill(SMALL)
    two = contents()
    assert [label for label in one if one[label] != two[label]] == []
    empty = {label.rpartition(".")[2] for label in two if not two[label]}
    assert empty == {"Mail", "Upload"}  # nobody is written to, no file is on its way


@pytest.mark.django_db
def test_a_world_says_that_it_is_made_up():
    fill(world.Size(countries=8, rounds=1, people=3))
    for text in [
        *User.objects.values_list("name", flat=True),
        *Project.objects.values_list("operator__name", flat=True),
        *Project.objects.values_list("cycle", flat=True),
        *Observation.objects.values_list("text", flat=True),
        *AnswerRevision.objects.exclude(note="").values_list("note", flat=True),
    ]:
        assert text.startswith("Load test "), text
    assert not any(user.has_usable_password() for user in User.objects.all())


@pytest.mark.django_db
def test_a_world_is_refused_where_there_are_projects_or_countries_are_missing():
    with pytest.raises(CommandError, match="0 countries"):
        call_command("world", "--yes-this-is-a-test-database", verbosity=0)
    fill(world.Size(countries=1, rounds=1, people=3))
    with pytest.raises(CommandError, match="not empty"):
        call_command("world", "--yes-this-is-a-test-database", verbosity=0)
    if connection.vendor == "postgresql":
        with pytest.raises(CommandError, match="--yes-this-is-a-test-database"):
            call_command("world", verbosity=0)


# ── Pages and the size of the database ───────────────────────────────────────
@pytest.fixture(scope="module")
def asked(django_db_setup: Any, django_db_blocker: Any, tmp_path_factory: Any) -> list[dict[str, int]]:
    """How many queries each page takes, in a small world and in one many times as large."""
    found = []
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as monkeypatch:
        for size in (SMALL, LARGE):
            guards.own_folders(OwnSettings(monkeypatch), tmp_path_factory.mktemp("world"))
            with transaction.atomic():
                fill(size)
                found.append({name: queries_of(user, path) for name, (user, path) in pages().items()})
                transaction.set_rollback(True)
    return found


class OwnSettings:
    """Sets a setting as pytest-django's fixture does, for a module."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.__dict__["monkeypatch"] = monkeypatch

    def __setattr__(self, name: str, value: Any) -> None:
        self.__dict__["monkeypatch"].setattr(settings, name, value)


def pages() -> dict[str, tuple[User, str]]:
    """The pages by name, each opened by someone who has all of it to see."""
    latest = Project.objects.filter(status=ProjectStatus.RUNNING).select_related("manager").order_by("pk")
    answering = latest.filter(sheets__answered__gt=0, sheets__state=SheetState.OPEN).exclude(
        sheets__submissions__isnull=False
    )[0]
    review = latest.filter(sheets__state=SheetState.ACCEPTED, released_at__isnull=True)[0]
    released = latest.filter(released_at__isnull=False)[0]
    everywhere = User.objects.get(email="manager@load-test.example")
    coordinator = {
        project: Membership.objects.get(project=project, role=Role.COORDINATOR).user
        for project in (answering, released)
    }
    expert = Membership.objects.filter(project=review, role=Role.EXPERT)[0].user
    section = "sheets/questionnaire/sections/P1.1/"
    readers = [
        (coordinator[answering], answering, ["", "team/", "questionnaire/", section, "history/"]),
        (coordinator[released], released, ["", "findings/", "deliverables/", "history/"]),
        (expert, review, ["", section, "findings/", "deliverables/", "validation/", "strategy/", "history/"]),
        (everywhere, review, ["", "team/", "questionnaire/", "findings/", "deliverables/", "release/", "history/"]),
    ]
    found = {"portfolio": (everywhere, "/projects/"), "portfolio, searched": (everywhere, "/projects/?text=an")}
    found["portfolio of an expert"] = (expert, "/projects/")
    for number, (user, project, parts) in enumerate(readers):
        found |= {f"{number} {part}": (user, f"/projects/{project.public_id}/{part}") for part in parts}
    return found


def queries_of(user: User, path: str) -> int:
    client = Client()
    client.force_login(user)
    client.get(path)  # the framework is in memory from now on
    with CaptureQueriesContext(connection) as queries:
        response = client.get(path)
    assert response.status_code == 200, path
    return sum(not NOT_COUNTED.match(query["sql"]) for query in queries.captured_queries)


def test_pages_take_as_many_queries_at_120_projects_as_at_16(asked):
    small, large = asked
    assert large == small


def test_pages_take_few_queries(asked):
    most = dict.fromkeys(asked[1], 22) | {
        "portfolio": 10,
        "portfolio, searched": 10,
        "0 sheets/questionnaire/sections/P1.1/": 15,
    }
    assert {name: many for name, many in asked[1].items() if many > most[name]} == {}

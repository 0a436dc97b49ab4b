"""A query whose SQL is written once answers as the query itself, whatever it is given."""

import datetime
import gc
import uuid
import weakref

import pytest
from django.db import DatabaseError, InternalError, connection, transaction
from django.db.models import Exists, F
from django.utils import timezone

from foundation.models import Job
from foundation.statements import Statement
from projects.models import Membership, Project
from projects.permissions import Role
from tests.factories.foundation import JobFactory
from tests.factories.projects import MembershipFactory, ProjectFactory

pytestmark = pytest.mark.django_db


def projects_of(public_id, user, today):
    return (
        Project.objects.filter(public_id=public_id, memberships__until__gte=today)
        .select_related("country", "request", "manager")
        .annotate(
            role=F("memberships__role"),
            is_member=Exists(Membership.objects.filter(user=user, project__public_id=public_id)),
        )
    )


STATEMENT = Statement(projects_of, "public_id", "user", "today")


@pytest.fixture
def memberships():
    until = timezone.now().date()
    return [MembershipFactory(role=role, until=until) for role in (Role.EXPERT, Role.CONTRIBUTOR)]


def test_statement_gives_the_rows_of_the_query(memberships):
    one, two = memberships
    given = [
        {"public_id": one.project.public_id, "user": one.user_id, "today": one.until},
        {"public_id": two.project.public_id, "user": one.user_id, "today": two.until},
        {"public_id": two.project.public_id, "user": two.user_id, "today": two.until + datetime.timedelta(days=1)},
        {"public_id": uuid.uuid4(), "user": one.user_id, "today": one.until},
    ]
    lengths = []
    for values in given:
        asked, queried = STATEMENT(**values), list(projects_of(**values))
        assert [vars_of(row) for row in asked] == [vars_of(row) for row in queried]
        lengths.append(len(asked))
    assert lengths == [1, 1, 0, 0]


def vars_of(project):
    """All fields and annotations, and those of the rows read together with it."""
    related = {name: vars_of(row) for name, row in project._state.fields_cache.items() if row is not None}
    return {name: value for name, value in vars(project).items() if name != "_state"} | {"related": related}


def test_statement_asks_once_and_reads_what_is_shown_with_it(memberships, django_assert_num_queries):
    one = memberships[0]
    with django_assert_num_queries(1):
        [project] = STATEMENT(public_id=one.project.public_id, user=one.user_id, today=one.until)
        assert project.country == one.project.country
        assert project.manager == one.project.manager
        assert project.request is None
        assert project.role == Role.EXPERT
        assert project.is_member


def test_statement_sees_what_was_written_since():
    statement = Statement(lambda pk: Project.objects.filter(pk=pk), "pk")
    project = ProjectFactory(cycle="One")
    assert [row.cycle for row in statement(pk=project.pk)] == ["One"]
    Project.objects.update(cycle="Two")
    assert [row.cycle for row in statement(pk=project.pk)] == ["Two"]


def test_values_go_as_values(memberships):
    """A quote in a value ends nothing."""
    statement = Statement(lambda name: Project.objects.filter(cycle=name), "name")
    project = ProjectFactory(cycle="a' OR '1'='1")
    assert statement(name="' OR '1'='1") == []
    assert statement(name=project.cycle) == [project]


def test_times_are_compared_as_times():
    statement = Statement(lambda now: Job.objects.filter(queued_at__lte=now), "now")
    now = timezone.now()
    JobFactory(queued_at=now)
    assert len(statement(now=now)) == 1
    assert statement(now=now - datetime.timedelta(microseconds=1)) == []


def test_statement_holds_no_connection_of_the_thread_that_wrote_it():
    statement = Statement(lambda pk: Project.objects.filter(pk=pk), "pk")
    other = connection.copy()
    whole, _sql, _places = statement.write(other)
    seen = weakref.ref(other)
    del other
    gc.collect()
    assert seen() is None
    assert whole.query.model is Project


@pytest.mark.postgresql
def test_postgresql_plans_a_statement_once_for_a_connection():
    statement = Statement(lambda name: Project.objects.filter(cycle=name, round__lte=9)[:3], "name")
    project = ProjectFactory(cycle="100 %")

    def planned() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE name = %s", [statement.name])
            return cursor.fetchone()[0]

    assert planned() == 0
    assert [statement(name=name) for name in ("100 %", "%", "100 %")] == [[project], [], [project]]
    assert planned() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgresql
def test_a_new_connection_plans_anew():
    statement = Statement(lambda name: Project.objects.filter(cycle=name), "name")
    project = ProjectFactory(cycle="One")
    assert statement(name="One") == [project]
    connection.close()
    assert statement(name="One") == [project]


@pytest.mark.postgresql
def test_in_a_transaction_that_failed_the_statement_says_so_as_a_query_does():
    statement = Statement(lambda name: Project.objects.filter(cycle=name), "name")
    with transaction.atomic():
        with pytest.raises(DatabaseError), transaction.atomic(savepoint=False):
            Project.objects.extra(where=["1 / 0 = 1"]).exists()
        connection.needs_rollback = False
        with pytest.raises(InternalError):
            statement(name="One")
        connection.needs_rollback = True
    assert statement(name="One") == []

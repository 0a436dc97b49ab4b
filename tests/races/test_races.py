"""Two people at the same moment: each ends as if one had come after the other. Real connections, so on PostgreSQL."""

import datetime
import threading
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from assessments.actions import submissions
from assessments.actions.answers import Content, Outcome, Reply, save_answer
from assessments.actions.releases import release_levels
from assessments.models import AnswerRevision, SheetState, ValidatedLevel
from foundation.models import Job, JobState
from projects.actions import team
from projects.models import Membership, MoveNotAllowed, Project
from projects.permissions import Role
from reports.actions.reports import request_report
from reports.models import Report
from tests.factories.accounts import UserFactory
from tests.factories.assessments import SIGNATURE, answer, decide, national_sheet, opened_project, question, submit
from tests.factories.projects import InvitationFactory, member, staff

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]
ROUNDS = range(4)
TODAY = datetime.date(2026, 9, 10)
CODE = "A.1-1"


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """What each call gave, or the MoveNotAllowed that it raised; all start together, each on its own connection."""
    start = threading.Barrier(len(calls))
    given: list[Any] = [None] * len(calls)

    def call(place: int) -> None:
        try:
            start.wait(timeout=20)
            given[place] = calls[place]()
        except Exception as error:
            given[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=call, args=(place,)) for place in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    for result in given:
        if isinstance(result, Exception) and not isinstance(result, MoveNotAllowed):
            raise result
    return given


def save(project: Project, by: User) -> Reply:
    sheet = national_sheet(project)
    content = Content(status="answered", value=2, basis="document")
    return save_answer(
        sheet, question(project, CODE), content, base=0, save_id=uuid.uuid4(), by=by, language="en", institution="post"
    )


def was_refused(result: Any) -> bool:
    return isinstance(result, MoveNotAllowed)


@pytest.fixture
def project() -> Project:
    return opened_project(manager=staff())


@pytest.fixture
def focal(project: Project) -> User:
    return member(project, Role.COORDINATOR)


@pytest.mark.parametrize("_round", ROUNDS)
def test_a_save_and_the_closing_of_the_sheet(project: Project, focal: User, _round: int):
    other = member(project, Role.CONTRIBUTOR)
    sheet = national_sheet(project)
    saved, _closed = at_once(
        lambda: save(project, other),
        lambda: submissions.send_to_signatory(sheet, reason="More comes in March.", by=focal),
    )
    sheet.refresh_from_db()
    assert sheet.state == SheetState.AWAITING_SIGNATURE
    revision = AnswerRevision.objects.get(sheet=sheet)
    assert revision.kind == ("accepted" if saved.outcome == Outcome.SAVED else "late")
    text, numbers = submissions.canonical(sheet)
    assert numbers == ({CODE: 1} if saved.outcome == Outcome.SAVED else {})
    assert bool(text)


@pytest.mark.parametrize("_round", ROUNDS)
def test_two_signatures(project: Project, focal: User, _round: int):
    sheet = national_sheet(project)
    submissions.send_to_signatory(sheet, reason="More comes in March.", by=focal)

    def sign() -> Any:
        return submissions.sign(sheet, SIGNATURE, by=focal)

    outcomes = at_once(sign, sign)
    assert [was_refused(outcome) for outcome in outcomes].count(True) == 1
    assert sheet.submissions.count() == 1


@pytest.mark.parametrize("_round", ROUNDS)
def test_a_level_and_the_release(project: Project, _round: int):
    answer(project, CODE, 2)
    submit(project)
    expert = member(project, Role.EXPERT)
    decided, _released = at_once(
        lambda: decide(project, CODE, 2, by=expert),
        lambda: release_levels(project, by=project.manager, on=TODAY, show_overall=False),
    )
    project.refresh_from_db()
    assert project.is_released
    levels = list(ValidatedLevel.objects.all())
    assert len(levels) == (0 if was_refused(decided) else 1)
    assert all(level.saved_at < project.released_at for level in levels)


@pytest.mark.parametrize("_round", ROUNDS)
def test_two_releases(project: Project, _round: int):
    submit(project)
    outcomes = at_once(
        *[
            lambda on=TODAY + datetime.timedelta(days=days): release_levels(
                Project.objects.get(pk=project.pk), by=project.manager, on=on, show_overall=False
            )
            for days in (0, 1)
        ]
    )
    assert [was_refused(outcome) for outcome in outcomes].count(True) == 1
    assert project.events.filter(kind="levels_released").count() == 1


@pytest.mark.parametrize("_round", ROUNDS)
def test_the_same_document_asked_for_twice_is_made_once(project: Project, _round: int):
    outcomes = at_once(*[lambda: request_report(project, "capability", "fr", by=project.manager)] * 2)
    assert [was_refused(outcome) for outcome in outcomes].count(True) == 1
    report = Report.objects.get()
    assert report.version == 1
    assert list(Job.objects.filter(state=JobState.QUEUED)) == [report.job]


@pytest.mark.parametrize("_round", ROUNDS)
def test_two_languages_of_a_document_are_two_first_versions(project: Project, _round: int):
    reports = at_once(
        *[lambda code=code: request_report(project, "capability", code, by=project.manager) for code in ("fr", "en")]
    )
    assert [report.version for report in reports] == [1, 1]


@pytest.mark.parametrize("_round", ROUNDS)
def test_an_invitation_opened_by_two(project: Project, _round: int):
    invitation = InvitationFactory(project=project)
    people = [UserFactory(), UserFactory()]
    outcomes = at_once(*[lambda by=person: team.accept_invitation(invitation, by=by) for person in people])
    assert [was_refused(outcome) for outcome in outcomes].count(True) == 1
    [membership] = Membership.objects.filter(project=project)
    invitation.refresh_from_db()
    assert membership.user == invitation.accepted_by


@pytest.mark.parametrize("_round", ROUNDS)
def test_two_coordinators_who_end_each_other(project: Project, focal: User, _round: int):
    other = member(project, Role.COORDINATOR)
    ours, theirs = (project.memberships.get(user=person) for person in (focal, other))
    outcomes = at_once(
        lambda: team.end_membership(ours, by=project.manager), lambda: team.end_membership(theirs, by=project.manager)
    )
    assert [was_refused(outcome) for outcome in outcomes].count(True) == 1
    assert Membership.objects.current().filter(project=project, role=Role.COORDINATOR).count() == 1

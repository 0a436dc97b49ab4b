"""The release to the country: once, dated, only of what was signed; and what it leaves without a level."""

import datetime

import pytest

from assessments.actions.releases import criteria_without_level, release_levels
from assessments.actions.submissions import send_to_signatory
from assessments.models import AnswerStatus
from projects.models import MoveNotAllowed, ProjectEvent, ProjectStatus
from tests.factories.assessments import answer, decide, national_sheet, submit
from tests.factories.projects import staff

TODAY = datetime.date(2026, 9, 10)


@pytest.fixture
def manager():
    return staff()


def test_a_release_is_dated_signed_and_told(project, manager):
    submit(project)

    release_levels(project, by=manager, on=TODAY, show_overall=True)

    assert project.is_released
    assert (project.released_by, project.released_on, project.show_overall) == (manager, TODAY, True)
    event = ProjectEvent.objects.get(kind="levels_released")
    assert (event.by, event.for_findings, event.about) == (manager, False, {"on": "2026-09-10", "show_overall": True})


def test_the_second_of_two_releases_is_refused(project, manager):
    submit(project)
    release_levels(project, by=manager, on=TODAY, show_overall=False)
    with pytest.raises(MoveNotAllowed):
        release_levels(project, by=manager, on=datetime.date(2026, 9, 11), show_overall=True)
    project.refresh_from_db()
    assert (project.released_on, project.show_overall) == (TODAY, False)
    assert ProjectEvent.objects.filter(kind="levels_released").count() == 1


def test_nothing_is_released_before_the_questionnaire_is_signed(project, manager):
    with pytest.raises(MoveNotAllowed):
        release_levels(project, by=manager, on=TODAY, show_overall=False)
    send_to_signatory(national_sheet(project), reason="More comes in March.", by=manager)
    with pytest.raises(MoveNotAllowed):
        release_levels(project, by=manager, on=TODAY, show_overall=False)
    project.refresh_from_db()
    assert not project.is_released


def test_a_suspended_project_is_not_released(project, manager):
    submit(project)
    project.move(ProjectStatus.SUSPENDED, reason="Floods")
    with pytest.raises(MoveNotAllowed):
        release_levels(project, by=manager, on=TODAY, show_overall=False)


def test_criteria_without_level_are_those_neither_levelled_nor_accepted_as_not_applicable(project):
    not_applicable = {"status": AnswerStatus.NOT_APPLICABLE, "reason": "There is no harbour office."}
    answer(project, "A.1-1", 3)
    answer(project, "A.1-2", **not_applicable)
    answer(project, "A.2-1", **not_applicable)
    submit(project)
    assert [question.code for question in criteria_without_level(project)] == ["A.1-1", "A.1-2", "A.2-1", "B.1-1"]

    decide(project, "A.1-1", 3)
    decide(project, "A.1-2", accepts_not_applicable=True)
    decide(project, "A.2-1", accepts_not_applicable=False, reason="It opened in May")

    assert [question.code for question in criteria_without_level(project)] == ["A.2-1", "B.1-1"]

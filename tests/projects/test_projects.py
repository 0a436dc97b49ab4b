"""A project's life: created with its steps and invitations, edited, suspended, cancelled, closed; its steps done."""

import datetime

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from projects.actions import projects as actions
from projects.models import DesignatedOperator, Invitation, MoveNotAllowed, Project, ProjectStatus, Region, Step, Visit
from projects.permissions import Role, StaffRole
from projects.plan import Guest, VisitDates
from tests.factories.projects import (
    CountryFactory,
    CountryRequestFactory,
    DesignatedOperatorFactory,
    ProjectFactory,
    StepFactory,
    VisitFactory,
    member,
    staff,
)
from tests.factories.toolkit import published_framework

pytestmark = pytest.mark.django_db
VISIT = VisitDates(datetime.date(2026, 6, 29), datetime.date(2026, 7, 3), "Port-Amarel")
DUE = datetime.date(2026, 5, 22)


@pytest.fixture
def ib():
    return staff()


@pytest.fixture
def project(ib):
    """A running project with its steps, without dates."""
    project = ProjectFactory(manager=ib)
    for step in project.framework.steps.order_by("number"):
        StepFactory(project=project, step=step)
    return project


@pytest.fixture
def as_ib(client, ib):
    client.force_login(ib)
    return client


def create(ib, **changes) -> Project:
    fields = {
        "country": CountryFactory(), "operator": "Poste de Valmara", "framework": published_framework(),
        "language": "fr", "cycle": "Dubai 2026–2029", "round": 1, "manager": ib, "by": ib,
    }  # fmt: skip
    return actions.create_project(**(fields | changes))


def kinds(project: Project) -> list[str]:
    return list(project.events.order_by("pk").values_list("kind", flat=True))


def due(project: Project) -> list[datetime.date | None]:
    return list(project.steps.order_by("step__number").values_list("due_on", flat=True))


# Creating


def test_created_project_has_its_steps_visit_and_invitations(ib):
    project = create(
        ib,
        questionnaire_due=DUE,
        visit=VISIT,
        coordinator=Guest("Awa Diallo", "awa@valmara.example"),
        experts=[Guest("Inès Valtierra", "ines@experts.example")],
    )
    assert [step.step.number for step in project.steps.order_by("step__number")] == [1, 2, 3]
    assert due(project) == [DUE, datetime.date(2026, 7, 3), datetime.date(2026, 9, 1)]
    assert (project.visit.starts_on, project.visit.ends_on, project.visit.place) == (
        VISIT.starts_on, VISIT.ends_on, "Port-Amarel",
    )  # fmt: skip
    invited = Invitation.objects.order_by("pk").values_list("name", "role", "language")
    assert list(invited) == [("Awa Diallo", "coordinator", "fr"), ("Inès Valtierra", "expert", "fr")]
    assert Invitation.objects.get(role=Role.EXPERT).until is not None
    assert kinds(project) == ["project_created", "member_invited", "member_invited"]


def test_operator_of_a_known_name_is_not_doubled(ib):
    operator = DesignatedOperatorFactory(name="Poste de Valmara")
    project = create(ib, country=operator.country)
    assert (project.operator, DesignatedOperator.objects.count()) == (operator, 1)


def test_same_round_twice_is_refused_with_nothing_left_behind(ib):
    first = create(ib)
    with pytest.raises(MoveNotAllowed):
        create(ib, country=first.country)
    assert (Project.objects.count(), Step.objects.count()) == (1, 3)


def test_round_of_a_cancelled_project_is_free_again(ib):
    first = create(ib)
    actions.cancel_project(first, reason="The ministry withdrew.", by=ib)
    assert create(ib, country=first.country).round == 1


def test_request_must_be_accepted_and_of_the_country(ib):
    waiting = CountryRequestFactory()
    other = CountryRequestFactory(accepted=True)
    for request, country in ((waiting, waiting.country), (other, CountryFactory())):
        with pytest.raises(MoveNotAllowed):
            create(ib, request=request, country=country)
    assert create(ib, request=other, country=other.country).request == other
    with pytest.raises(MoveNotAllowed):
        create(ib, request=other, country=other.country, round=2)


def test_only_staff_of_the_region_can_invite_with_it():
    manager = staff(regions=[Region.ARAB])
    with pytest.raises(PermissionDenied):
        create(manager, coordinator=Guest("Awa Diallo", "awa@valmara.example"))
    assert Project.objects.count() == 0


# Editing


def change(project: Project, ib, **changes) -> None:
    fields = {
        "manager": ib, "language": "fr", "show_overall": False, "questionnaire_due": DUE, "visit": VISIT,
        "due_dates": {}, "by": ib,
    }  # fmt: skip
    actions.edit_project(project, **(fields | changes))


def test_editing_keeps_given_dates_and_proposes_the_others(project, ib):
    change(project, ib, due_dates={2: None, 3: datetime.date(2026, 8, 31)})
    assert due(project) == [DUE, datetime.date(2026, 7, 3), datetime.date(2026, 8, 31)]
    assert kinds(project) == ["project_edited"]


def test_visit_moves_or_goes(project, ib):
    VisitFactory(project=project)
    change(project, ib)
    assert list(Visit.objects.values_list("starts_on", "place")) == [(VISIT.starts_on, "Port-Amarel")]
    change(project, ib, visit=None)
    assert not Visit.objects.exists()


# Moving


def test_each_move_is_logged_with_its_reason(project, ib):
    actions.suspend_project(project, reason="Elections", by=ib)
    assert (project.status, project.reason) == (ProjectStatus.SUSPENDED, "Elections")
    actions.resume_project(project, by=ib)
    assert (project.status, project.reason) == (ProjectStatus.RUNNING, "")
    actions.close_project(project, by=ib)
    actions.reopen_project(project, by=ib)
    actions.cancel_project(project, reason="Withdrawn", by=ib)
    assert kinds(project) == [
        "project_suspended", "project_resumed", "project_closed", "project_reopened", "project_cancelled",
    ]  # fmt: skip


MOVES = {
    "suspend": lambda project, by: actions.suspend_project(project, reason="x", by=by),
    "resume": lambda project, by: actions.resume_project(project, by=by),
    "cancel": lambda project, by: actions.cancel_project(project, reason="x", by=by),
    "close": lambda project, by: actions.close_project(project, by=by),
    "reopen": lambda project, by: actions.reopen_project(project, by=by),
}
ALLOWED = {
    ProjectStatus.RUNNING: {"suspend", "cancel", "close"},
    ProjectStatus.SUSPENDED: {"resume", "cancel"},
    ProjectStatus.CANCELLED: set(),
    ProjectStatus.CLOSED: {"reopen"},
}


@pytest.mark.parametrize("status", ProjectStatus)
@pytest.mark.parametrize("move", MOVES)
def test_moves_that_the_state_has_not_are_refused(ib, status, move):
    project = ProjectFactory(status=status, reason="Because")
    if move in ALLOWED[status]:
        MOVES[move](project, ib)
        assert project.status != status
    else:
        with pytest.raises(MoveNotAllowed):
            MOVES[move](project, ib)
        project.refresh_from_db()
        assert (project.status, kinds(project)) == (status, [])


# Steps


def test_step_is_done_once_and_undone_once(project, ib):
    step = project.steps.get(step__number=2)
    actions.mark_step_done(step, by=ib)
    step.refresh_from_db()
    assert (step.done_at is not None, step.done_by) == (True, ib)
    with pytest.raises(MoveNotAllowed):
        actions.mark_step_done(step, by=ib)
    actions.mark_step_undone(step, by=ib)
    with pytest.raises(MoveNotAllowed):
        actions.mark_step_undone(step, by=ib)
    step.refresh_from_db()
    assert (step.done_at, step.done_by, kinds(project)) == (None, None, ["step_done", "step_undone"])


@pytest.mark.parametrize("status", [ProjectStatus.SUSPENDED, ProjectStatus.CANCELLED, ProjectStatus.CLOSED])
def test_nothing_changes_in_a_project_that_is_not_running(project, ib, status):
    Project.objects.update(status=status, reason="Because")
    with pytest.raises(MoveNotAllowed):
        change(project, ib)
    with pytest.raises(MoveNotAllowed):
        actions.mark_step_done(project.steps.get(step__number=1), by=ib)
    assert (due(project), kinds(project)) == ([None, None, None], [])


# Pages


def url(name: str, project: Project, *more) -> str:
    return reverse(f"projects:{name}", args=[project.public_id, *more])


def edited(project: Project, **changes) -> dict:
    return {
        "language": "fr", "manager": str(project.manager.public_id), "questionnaire_due": "2026-05-22",
        "visit_starts_on": "2026-06-29", "visit_ends_on": "2026-07-03", "visit_place": "Port-Amarel",
        "step2": "", "step3": "2026-08-31",
    } | changes  # fmt: skip


def test_edit_page_saves(as_ib, project):
    other = staff()
    answer = as_ib.post(
        url("project_edit", project), edited(project, manager=str(other.public_id), language="en", show_overall="on")
    )
    assert (answer.status_code, answer["Location"]) == (302, project.get_absolute_url())
    project.refresh_from_db()
    assert (project.manager, project.language, project.show_overall, project.questionnaire_due) == (
        other, "en", True, DUE,
    )  # fmt: skip
    assert due(project) == [DUE, datetime.date(2026, 7, 3), datetime.date(2026, 8, 31)]


def test_edit_page_opens_on_what_stands(as_ib, project, ib):
    change(project, ib)
    page = as_ib.get(url("project_edit", project)).content.decode()
    assert [page.count(f'value="{day}"') for day in ("2026-05-22", "2026-06-29", "2026-07-03")] == [1, 1, 2]


def test_invalid_edit_keeps_what_was_typed(as_ib, project):
    typed = edited(project, visit_starts_on="2026-07-10", questionnaire_due="soon", visit_place="Keep me")
    answer = as_ib.post(url("project_edit", project), typed)
    assert (answer.status_code, set(answer.context["form"].errors)) == (422, {"visit_ends_on", "questionnaire_due"})
    assert [text in answer.content.decode() for text in ("Keep me", 'value="soon"', 'value="2026-07-10"')] == [True] * 3
    assert due(project) == [None, None, None]


@pytest.mark.parametrize("year", ["0001", "0026", "9999"])
def test_a_year_typed_wrong_is_told(as_ib, project, year):
    days = {"questionnaire_due": f"{year}-01-01", "visit_starts_on": f"{year}-01-02", "visit_ends_on": f"{year}-12-31"}
    answer = as_ib.post(url("project_edit", project), edited(project, **days, step2=f"{year}-02-01"))
    assert (answer.status_code, set(answer.context["form"].errors)) == (422, {*days, "step2"})


def test_visit_outside_three_to_five_days_is_saved_with_a_warning(as_ib, project):
    sent = edited(project, visit_ends_on="2026-06-30")
    url_of_edit = url("project_edit", project)
    assert as_ib.post(url_of_edit, sent).status_code == 302
    assert Visit.objects.get().days == 2


def test_manager_whose_grant_ended_can_stay(as_ib):
    project = ProjectFactory()
    assert as_ib.post(url("project_edit", project), edited(project)).status_code == 302
    assert as_ib.post(url("project_edit", project), edited(project, manager="nobody")).status_code == 422


@pytest.mark.parametrize(
    ("name", "status"), [("project_suspend", ProjectStatus.SUSPENDED), ("project_cancel", ProjectStatus.CANCELLED)]
)
def test_suspending_and_cancelling_need_a_reason(as_ib, project, name, status):
    assert as_ib.get(url(name, project)).status_code == 200
    answer = as_ib.post(url(name, project), {"reason": "  "})
    project.refresh_from_db()
    assert (answer.status_code, project.status) == (422, ProjectStatus.RUNNING)
    assert as_ib.post(url(name, project), {"reason": "Elections"})["Location"] == project.get_absolute_url()
    project.refresh_from_db()
    assert (project.status, project.reason) == (status, "Elections")
    again = as_ib.get(url(name, project))
    assert (again.status_code, again["Location"]) == (302, project.get_absolute_url())


def test_resume_close_and_reopen_by_a_click(as_ib, project, ib):
    for name, status in (("project_close", ProjectStatus.CLOSED), ("project_reopen", ProjectStatus.RUNNING)):
        assert as_ib.post(url(name, project)).status_code == 302
        project.refresh_from_db()
        assert project.status == status
    actions.suspend_project(project, reason="Elections", by=ib)
    as_ib.post(url("project_resume", project))
    project.refresh_from_db()
    assert project.status == ProjectStatus.RUNNING


def test_steps_are_marked_by_a_click(as_ib, project):
    assert as_ib.post(url("step_done", project, 1))["Location"] == project.get_absolute_url()
    assert project.steps.get(step__number=1).done_at is not None
    as_ib.post(url("step_undone", project, 1))
    assert project.steps.get(step__number=1).done_at is None
    assert as_ib.post(url("step_done", project, 99)).status_code == 404


def test_not_running_project_refuses_the_edit_page_and_says_why(as_ib, project, ib):
    actions.suspend_project(project, reason="Elections", by=ib)
    answer = as_ib.post(url("project_edit", project), edited(project))
    assert (answer.status_code, answer["Location"]) == (302, project.get_absolute_url())
    assert due(project) == [None, None, None]


@pytest.mark.parametrize("status", [ProjectStatus.SUSPENDED, ProjectStatus.CANCELLED, ProjectStatus.CLOSED])
def test_every_page_of_a_project_that_is_not_running_says_so(as_ib, project, status):
    Project.objects.update(status=status, reason="Because of elections")
    page = as_ib.get(url("history", project)).content.decode()
    assert f"This project is {status.label.lower()}." in page
    assert "Because of elections" in page


VERBS = ["project_suspend", "project_resume", "project_cancel", "project_close", "project_reopen"]


@pytest.mark.parametrize("role", list(Role))
def test_members_do_not_manage(client, project, role):
    client.force_login(member(project, role))
    answers = [client.post(url(name, project)) for name in (*VERBS, "project_edit")]
    answers += [client.post(url(name, project, 1)) for name in ("step_done", "step_undone")]
    assert {answer.status_code for answer in answers} == {403}


def test_strangers_find_nothing(client, project):
    client.force_login(staff(StaffRole.PROJECT_MANAGER, regions=[Region.ARAB]))
    answers = [client.post(url(name, project)) for name in (*VERBS, "project_edit")]
    answers += [client.post(url(name, project, 1)) for name in ("step_done", "step_undone")]
    assert {answer.status_code for answer in answers} == {404}


def test_verbs_take_no_get(as_ib, project):
    names = [url(name, project) for name in ("project_resume", "project_close", "project_reopen")]
    names += [url(name, project, 1) for name in ("step_done", "step_undone")]
    assert {as_ib.get(name).status_code for name in names} == {405}

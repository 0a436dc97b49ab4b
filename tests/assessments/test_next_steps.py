"""What comes next, for each role in each state: one action, or what is awaited."""

import datetime
from dataclasses import replace

import pytest
from django.utils import timezone, translation

from assessments import outline
from assessments.actions import submissions
from assessments.models import SectionAssignment
from assessments.next_steps import NextStep, differences_without_word, next_step, tasks
from assessments.situations import situation, with_situation
from projects.models import Project, ProjectStatus, Region, StaffGrant
from projects.permissions import Role, StaffRole
from tests.factories.assessments import (
    RecommendationFactory,
    ReservationFactory,
    SectionAssignmentFactory,
    answer,
    checklist,
    decide,
    national_sheet,
    opened_project,
    release,
    submit,
)
from tests.factories.projects import (
    CountryRequestFactory,
    InvitationFactory,
    MembershipFactory,
    StepFactory,
    member,
    staff,
)
from toolkit.models import Institution

pytestmark = pytest.mark.django_db
CRITERIA = ["A.1-1", "A.1-2", "A.2-1", "B.1-1"]


@pytest.fixture(autouse=True)
def _in_english():
    with translation.override("en"):
        yield


def step_of(project, user) -> NextStep | None:
    read = with_situation(Project.objects.select_related("country").filter(pk=project.pk)).get()
    sheet = national_sheet(project)
    here = replace(situation(read), differences=differences_without_word(sheet) if read.is_released else 0)
    return next_step(here, user, national=sheet, sections=outline.section_entries(sheet))


def title_of(project, role) -> str:
    return step_of(project, member(project, role)).title


def fill(project) -> None:
    """Every question of the questionnaire gets a reply."""
    for question in outline.structure(national_sheet(project).instrument).questions.values():
        answer(project, question.code, status="dont_know")


def accept(project) -> None:
    submissions.accept_sheet(national_sheet(project), by=project.manager)


def validate(project) -> None:
    for code in CRITERIA:
        decide(project, code, 2)


# The national team


def test_coordinator_starts_then_continues_then_sends(project):
    coordinator = member(project, Role.COORDINATOR)
    assert step_of(project, coordinator).title == "Start the questionnaire with “Harbour sheet”"
    answer(project, "G-1", status="dont_know")
    step = step_of(project, coordinator)
    assert (step.title, step.button) == ("Continue “Harbour sheet”", "Continue the section")
    assert step.text.startswith("1 of 4 questions have an answer. Allow about ")
    assert step.url.endswith("/sections/G/#open-question")
    fill(project)
    assert step_of(project, coordinator).title == "Invite the signatory"
    member(project, Role.SIGNATORY)
    step = step_of(project, coordinator)
    assert (step.title, step.is_action) == ("Send the questionnaire to the signatory", True)


def test_step_is_due_when_the_questionnaire_is(project):
    Project.objects.update(questionnaire_due=datetime.date(2026, 5, 22))
    assert step_of(project, member(project, Role.COORDINATOR)).due == datetime.date(2026, 5, 22)


def test_returned_questionnaire_is_to_complete_even_where_every_question_has_an_answer(project):
    fill(project)
    submit(project)
    submissions.return_sheet(national_sheet(project), whole="Give the years.", sections={}, by=project.manager)
    assert title_of(project, Role.COORDINATOR) == "Complete what was returned"
    assert title_of(project, Role.CONTRIBUTOR) == "Complete what was returned"


def test_contributor_goes_to_the_sections_that_their_institution_knows(project):
    regulator = MembershipFactory(project=project, regulator=True).user
    ministry = MembershipFactory(project=project, contributor=True, institution=Institution.MINISTRY).user
    assert step_of(project, regulator).title == "Start the questionnaire with “Reserved quays”"
    assert step_of(project, ministry).title == "Start the questionnaire with “Harbour sheet”"
    for code in ("A.1-1", "A.1-2", "A.1-4"):
        answer(project, code, status="dont_know")
    assert step_of(project, regulator).title == "Start “Harbour sheet”"
    fill(project)
    step = step_of(project, regulator)
    assert (step.title, step.is_action) == ("Every question has an answer", False)


def assign(project, code, institution="post", **who) -> None:
    row = national_sheet(project).sections.get(section__code=code)
    SectionAssignmentFactory(sheet_section=row, institution=institution, **who)


def test_contributor_goes_to_their_own_sections_the_first_due_first(project):
    Project.objects.update(questionnaire_due=datetime.date(2099, 7, 1))
    lea = MembershipFactory(project=project, contributor=True)
    assign(project, "A.1", member=lea)
    assign(project, "B.1", member=lea, due_on=datetime.date(2099, 6, 1))
    assign(project, "A.2", "ministry")
    step = step_of(project, lea.user)
    assert (step.title, step.due) == ("Start the questionnaire with “Training”", datetime.date(2099, 6, 1))
    assert step.text.startswith("Your sections: 0 of 2 complete. ")
    assert step.url.endswith("/sections/B.1/")
    answer(project, "B.1-1", status="dont_know")
    step = step_of(project, lea.user)
    assert (step.title, step.due) == ("Start “Reserved quays”", datetime.date(2099, 7, 1))
    assert step.text.startswith("Your sections: 1 of 2 complete. ")
    with translation.override("fr"):
        assert step_of(project, lea.user).text.startswith("Vos sections remplies: 1 sur 2. ")


def test_contributor_whose_sections_are_complete_is_not_sent_into_those_of_others(project):
    lea = MembershipFactory(project=project, contributor=True)
    for code in ("G", "A.2", "B.1"):
        assign(project, code, "ministry")
    assign(project, "A.1", member=lea)
    for code in ("A.1-1", "A.1-2", "A.1-4"):
        answer(project, code, status="dont_know")
    step = step_of(project, lea.user)
    assert (step.title, step.is_action) == ("Your sections are complete", False)
    SectionAssignment.objects.filter(member=lea).delete()
    assert step_of(project, lea.user).title == "No section waits for you"
    SectionAssignment.objects.filter(sheet_section__section__code="G").delete()
    assert step_of(project, lea.user).title == "Start “Harbour sheet”"


def test_coordinator_asks_for_the_sections_that_others_have(project):
    coordinator = member(project, Role.COORDINATOR)
    rovo = MembershipFactory(project=project, contributor=True, institution="ministry", user__name="Rovo")
    assign(project, "G")
    assign(project, "A.1", "regulator", due_on=datetime.date(2026, 1, 5))
    assign(project, "A.2", "ministry", member=rovo, due_on=datetime.date(2099, 6, 1))
    assign(project, "B.1", "regulator")
    assert step_of(project, coordinator).title == "Start the questionnaire with “Harbour sheet”"
    for code in ("G-1", "G-2", "G-3", "G-5"):
        answer(project, code, status="dont_know")
    step = step_of(project, coordinator)
    assert (step.title, step.due) == ("Ask for what is missing", datetime.date(2026, 1, 5))
    assert step.text == (
        "Your sections: 1 of 1 complete. 3 sections wait for others: Regulator, Rovo. 1 is late. "
        "What they give you on paper, you can type in for them."
    )
    assert step.url.endswith("/missing/")


def test_signatory_waits_then_reads_and_signs(project):
    signatory = member(project, Role.SIGNATORY)
    assert not step_of(project, signatory).is_action
    submissions.send_to_signatory(national_sheet(project), reason="More comes in March.", by=project.manager)
    step = step_of(project, signatory)
    assert (step.title, step.is_action) == ("Read and sign the questionnaire", True)
    assert step.url.endswith("/document/")
    assert title_of(project, Role.COORDINATOR) == "The questionnaire is with the signatory"


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.CONTRIBUTOR, Role.SIGNATORY])
def test_national_team_waits_while_the_experts_work(project, role):
    submit(project)
    step = step_of(project, member(project, role))
    assert (step.title, step.is_action) == ("The questionnaire is submitted", False)


def test_national_team_responds_to_what_differs_then_reads(project):
    answer(project, "A.1-1", 3)
    submit(project)
    decide(project, "A.1-1", 2, reason="One trial only.")
    release(project)
    assert title_of(project, Role.COORDINATOR) == "Respond to 1 level that differs"
    assert title_of(project, Role.SIGNATORY) == "Respond to 1 level that differs"
    assert title_of(project, Role.CONTRIBUTOR) == "Read what was released"


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.CONTRIBUTOR, Role.SIGNATORY, Role.OBSERVER, Role.EXPERT])
def test_everyone_reads_what_was_released(project, role):
    submit(project)
    release(project)
    step = step_of(project, member(project, role))
    assert (step.title, step.is_action) == ("Read what was released", True)


def test_observer_waits_for_the_release(project):
    step = step_of(project, member(project, Role.OBSERVER))
    assert (step.title, step.is_action) == ("Nothing is released yet", False)


# The experts


def test_expert_validates_accepts_rates_and_recommends(project):
    expert = member(project, Role.EXPERT)
    assert not step_of(project, expert).is_action
    submit(project)
    assert step_of(project, expert).title == "Validate 4 criteria"
    decide(project, "A.1-1", 2)
    assert step_of(project, expert).title == "Validate 3 criteria"
    validate(project)
    assert step_of(project, expert).title == "Accept the questionnaire, or return it"
    accept(project)
    assert step_of(project, expert).title == "Fill in the strategy checklist"
    for code in ("D1-1", "D1-2", "D2-1"):
        answer(project, code, 2)
    assert checklist(project).percent == 100
    assert step_of(project, expert).title == "Write the recommendations"
    RecommendationFactory(project=project)
    step = step_of(project, expert)
    assert (step.title, step.is_action) == ("Your part is done", False)


# The International Bureau


@pytest.fixture
def ib():
    return staff()


def test_manager_invites_reminds_and_releases(project, ib):
    assert step_of(project, ib).title == "Invite the national coordinator"
    invitation = InvitationFactory(project=project, role=Role.COORDINATOR)
    assert step_of(project, ib).title == "The national coordinator is invited"
    invitation.delete()
    member(project, Role.COORDINATOR)
    assert step_of(project, ib).title == "The national team is answering the questionnaire"
    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    Project.objects.update(questionnaire_due=yesterday)
    step = step_of(project, ib)
    assert (step.title, step.due) == ("Remind the national team of the questionnaire", yesterday)
    submit(project)
    assert step_of(project, ib).title == "Invite the experts"
    member(project, Role.EXPERT)
    step = step_of(project, ib)
    assert (step.title, step.text) == ("The experts are at work", "4 criteria are still to be decided.")
    validate(project)
    accept(project)
    assert step_of(project, ib).title == "Release the levels to the country"
    release(project)
    assert step_of(project, ib).title == "The levels are released"


def test_manager_is_told_of_a_late_step(project, ib):
    member(project, Role.COORDINATOR)
    StepFactory(project=project, due_on=datetime.date(2026, 1, 5))
    assert step_of(project, ib).title == "Mark step 1 as done, or move its date"


def test_administrators_have_the_same_steps(project):
    assert step_of(project, staff(StaffRole.ADMINISTRATOR)).title == "Invite the national coordinator"


def test_of_several_roles_the_first_with_an_action_counts(project):
    coordinator = member(project, Role.COORDINATOR)
    MembershipFactory(project=project, user=coordinator, signatory=True)
    submissions.send_to_signatory(national_sheet(project), reason="More comes in March.", by=project.manager)
    assert step_of(project, coordinator).title == "Read and sign the questionnaire"


@pytest.mark.parametrize("status", [ProjectStatus.SUSPENDED, ProjectStatus.CANCELLED, ProjectStatus.CLOSED])
@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.EXPERT])
def test_a_project_that_is_not_running_has_no_next_step(project, role, status):
    Project.objects.update(status=status, reason="Because")
    assert step_of(project, member(project, role)) is None


def tasks_of(user) -> list[tuple[str, str]]:
    found = tasks(Project.objects.visible_to(user), user, list(StaffGrant.objects.of(user)), limit=8)
    return [(task.country.code, task.step.title) for task in found.shown]


def test_tasks_are_requests_then_the_managers_own_projects_by_urgency(ib):
    asked = CountryRequestFactory()
    CountryRequestFactory(accepted=True)
    opened_project()  # someone else's
    opened_project(manager=ib, status=ProjectStatus.SUSPENDED)
    without_date = opened_project(manager=ib)
    late = opened_project(manager=ib, questionnaire_due=datetime.date(2026, 1, 5))
    waiting = opened_project(manager=ib)
    member(waiting, Role.COORDINATOR)
    assert tasks_of(ib) == [
        (asked.country.code, "Accept or decline the request"),
        (late.country.code, "Invite the national coordinator"),
        (without_date.country.code, "Invite the national coordinator"),
    ]


def test_tasks_stay_within_the_regions_of_the_grants():
    manager = staff(regions=[Region.ARAB])
    CountryRequestFactory()
    opened_project(manager=manager)
    here = CountryRequestFactory(country__region=Region.ARAB)
    assert tasks_of(manager) == [(here.country.code, "Accept or decline the request")]


def test_no_more_tasks_than_asked_for_and_the_rest_counted(ib):
    CountryRequestFactory.create_batch(2)
    for _number in range(3):
        opened_project(manager=ib)
    visible, grants = Project.objects.visible_to(ib), list(StaffGrant.objects.of(ib))
    counts = []
    for limit in (1, 3, 8):
        found = tasks(visible, ib, grants, limit=limit)
        counts.append((len(found.shown), found.more))
    assert counts == [(1, 4), (3, 2), (5, 0)]


def test_response_or_no_difference_leaves_nothing_to_respond_to(project):
    answer(project, "A.1-1", 3)
    answer(project, "A.1-2", 2)
    submit(project)
    ReservationFactory(validated_level=decide(project, "A.1-1", 2, reason="One trial only."))
    decide(project, "A.1-2", 2, reason="As the harbour says.")
    release(project)
    assert title_of(project, Role.COORDINATOR) == "Read what was released"

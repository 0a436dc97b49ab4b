"""What a person opens on: the portfolio, the project's page, a new project."""

import datetime
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from assessments.actions import submissions
from assessments.models import AnswerSheet, OtherAnswer
from projects.models import Country, Invitation, Project, ProjectEvent, ProjectStatus, Region, Visit
from projects.permissions import Role, StaffRole
from tests.factories.assessments import answer, national_sheet, opened_project, release, submit
from tests.factories.projects import (
    CountryFactory,
    CountryRequestFactory,
    DesignatedOperatorFactory,
    InvitationFactory,
    MembershipFactory,
    StepFactory,
    VisitFactory,
    member,
    staff,
)
from tests.factories.toolkit import published_framework
from toolkit.models import Phase

pytestmark = pytest.mark.django_db
HOME, PORTFOLIO, NEW = "assessments:home", "assessments:portfolio", "assessments:project_new"


@pytest.fixture
def ib():
    return staff(user__name="Claire Aubert")


@pytest.fixture
def as_ib(client, ib):
    client.force_login(ib)
    return client


def as_(client, user):
    client.force_login(user)
    return client


def project_with_steps(**fields) -> Project:
    """A project with its sheets and steps; `due`: the dates of its steps."""
    due = fields.pop("due", (None, None, None))
    project = opened_project(**fields)
    for step, day in zip(project.framework.steps.order_by("number"), due, strict=True):
        StepFactory(project=project, step=step, due_on=day)
    return project


def in_days(days: int) -> datetime.date:
    return timezone.localdate() + datetime.timedelta(days=days)


# Home


def test_person_of_one_project_opens_on_it(client):
    project = project_with_steps()
    answer = as_(client, member(project, Role.COORDINATOR)).get(reverse(HOME))
    assert (answer.status_code, answer["Location"]) == (302, project.get_absolute_url())


def test_others_open_on_the_list(client, ib):
    first = project_with_steps()
    of_two = member(first, Role.EXPERT)
    MembershipFactory(project=project_with_steps(), user=of_two, expert=True)
    for person in (of_two, ib):
        assert as_(client, person).get(reverse(HOME))["Location"] == reverse(PORTFOLIO)


# Portfolio


def listed(client, **query) -> list[Project]:
    return [row.project for row in client.get(reverse(PORTFOLIO), query).context["rows"]]


def test_projects_come_by_next_deadline_and_never_by_level(as_ib):
    none = project_with_steps()
    later = project_with_steps(due=(in_days(20), None, None))
    late = project_with_steps(due=(in_days(-3), in_days(30), None))
    sooner = project_with_steps(due=(in_days(40), in_days(10), None))
    over = project_with_steps(due=(in_days(-9), None, None), status=ProjectStatus.CLOSED)
    suspended = project_with_steps(due=(in_days(-9), None, None), status=ProjectStatus.SUSPENDED)
    assert listed(as_ib) == [late, sooner, later, none, suspended, over]


def test_done_steps_are_no_deadline(as_ib, ib):
    first = project_with_steps(due=(in_days(-9), in_days(30), None))
    first.steps.filter(step__number=1).update(done_at=timezone.now(), done_by=ib)
    second = project_with_steps(due=(in_days(20), None, None))
    assert listed(as_ib) == [second, first]


def test_row_says_step_questionnaire_deadline_and_manager(as_ib, ib):
    project = project_with_steps(due=(in_days(10), None, None), manager=ib)
    for code in ("G-1", "G-2", "G-5"):
        answer(project, code, status="dont_know")
    page = as_ib.get(reverse(PORTFOLIO)).content.decode()
    assert "1 of 3 · Questionnaire" in page
    assert '<rect width="30%"' in page
    assert "in 10 days" in page
    assert page.count("Claire Aubert") == 2  # in the masthead, in the row


def test_member_sees_only_their_projects_and_observers_no_answers(client):
    project, other = project_with_steps(), project_with_steps()
    answer(project, "G-1", status="dont_know")
    observer = member(project, Role.OBSERVER)
    MembershipFactory(project=other, user=observer, contributor=True)
    rows = as_(client, observer).get(reverse(PORTFOLIO)).context["rows"]
    assert {(row.project, row.percent) for row in rows} == {(project, None), (other, 0)}
    project_with_steps()
    assert len(listed(client)) == 2


def test_staff_limited_to_a_region_read_answers_only_there(client):
    project = project_with_steps()
    manager = staff(regions=[Region.ARAB])
    MembershipFactory(project=project, user=manager, observer=True)
    here = project_with_steps(operator__country__region=Region.ARAB)
    rows = as_(client, manager).get(reverse(PORTFOLIO)).context["rows"]
    assert {(row.project, row.percent) for row in rows} == {(project, None), (here, 0)}


@pytest.fixture
def three(ib):
    """A project in preparation, one on site, one of the reader's own in follow-up."""
    names = [{"fr": "Éthanie", "en": "Ethania"}, {"fr": "Borée", "en": "Borea"}, {"fr": "Céruse", "en": "Ceruse"}]
    projects = [
        project_with_steps(
            operator__name=f"Poste {number}", operator__country__name=name, operator__country__region=region, **fields
        )
        for number, (name, region, fields) in enumerate(
            zip(names, [Region.AFRICA, Region.ARAB, Region.AFRICA], [{}, {}, {"manager": ib}], strict=True)
        )
    ]
    for done, project in enumerate(projects):
        project.steps.filter(step__number__lte=done).update(done_at=timezone.now(), done_by=ib)
    return projects


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, {0, 1, 2}),
        ({"text": "ethanie"}, {0}),
        ({"text": " BOREA "}, {1}),
        ({"text": "poste 2"}, {2}),
        ({"text": "nowhere"}, set()),
        ({"region": Region.AFRICA}, {0, 2}),
        ({"phase": Phase.PREPARATORY}, {0}),
        ({"phase": Phase.FOLLOW_UP}, {2}),
        ({"mine": "me"}, {2}),
        ({"region": Region.AFRICA, "mine": "me"}, {2}),
        ({"region": "atlantis", "page": "x"}, {0, 1, 2}),
        ({"text": "a\x00"}, {0, 1, 2}),
    ],
)
def test_filters(as_ib, three, query, expected):
    assert set(listed(as_ib, **query)) == {three[number] for number in expected}


def test_filter_keeps_what_was_typed_and_offers_the_way_back(as_ib, three):
    page = as_ib.get(reverse(PORTFOLIO), {"text": "nowhere", "region": "africa"}).content.decode()
    assert 'value="nowhere"' in page
    assert 'value="africa" selected' in page
    assert "No project matches these filters." in page


def test_twenty_a_page_with_the_filter_kept(as_ib):
    for _number in range(21):
        project_with_steps()
    page = as_ib.get(reverse(PORTFOLIO), {"region": "africa"})
    assert len(page.context["rows"]) == 20
    assert 'href="?region=africa&amp;page=2"' in page.content.decode()
    assert len(listed(as_ib, region="africa", page=2)) == 1


def test_what_needs_staff_today_stands_first(as_ib, ib):
    asked = CountryRequestFactory()
    project_with_steps(manager=ib)
    page = as_ib.get(reverse(PORTFOLIO))
    assert [task.step.button for task in page.context["tasks"].shown] == ["Open the requests", "Invite the coordinator"]
    assert f"{asked.country.name['en']}: Accept or decline the request" in page.content.decode()
    assert as_ib.get(reverse(PORTFOLIO), {"mine": "me"}).context["tasks"] is None


def test_members_see_what_each_of_their_projects_needs_from_them_and_no_button(client):
    project, other = project_with_steps(), project_with_steps()
    coordinator = member(project, Role.COORDINATOR)
    MembershipFactory(user=coordinator, project=other, role=Role.SIGNATORY)
    page = as_(client, coordinator).get(reverse(PORTFOLIO))
    assert [(task.country, task.step.button) for task in page.context["tasks"].shown] == [
        (project.country, "Start the section")
    ]
    assert reverse(NEW) not in page.content.decode()


def test_members_with_nothing_to_do_have_no_such_list(client):
    page = as_(client, member(project_with_steps(), Role.SIGNATORY)).get(reverse(PORTFOLIO))
    assert page.context["tasks"] is None


def test_empty_lists_say_what_to_do(client, as_ib):
    assert "There is no project yet." in as_ib.get(reverse(PORTFOLIO)).content.decode()
    former = MembershipFactory(project=project_with_steps(), until=in_days(-1)).user
    assert "You are not in a project at the moment." in as_(client, former).get(reverse(PORTFOLIO)).content.decode()


@pytest.mark.parametrize("query", [{}, {"text": "Valmara"}])
def test_portfolio_takes_at_most_ten_queries_however_many_rows(as_ib, ib, query):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert as_ib.get(reverse(PORTFOLIO), query).status_code == 200
        return len(captured)

    for manager in (ib, ib, None):
        project_with_steps(due=(in_days(5), None, None), **({"manager": manager} if manager else {}))
        CountryRequestFactory()
        if Project.objects.count() == 1:
            with_one = queries()
    assert (queries(), with_one <= 10) == (with_one, True)


# A project's page


def page_of(client, project: Project, user):
    return as_(client, user).get(project.get_absolute_url())


@pytest.mark.parametrize(
    ("role", "blocks"),
    [
        (Role.COORDINATOR, {"qs", "mr", "dates", "team", "released"}),
        (Role.EXPERT, {"qs", "mr", "dates", "team", "released"}),
        (Role.OBSERVER, {"released"}),
        (StaffRole.PROJECT_MANAGER, {"qs", "mr", "dates", "team", "released", "steps", "manage"}),
    ],
)
def test_each_role_has_its_blocks(client, role, blocks):
    project = project_with_steps()
    page = page_of(client, project, staff() if role == StaffRole.PROJECT_MANAGER else member(project, role))
    text = page.content.decode()
    shown = {name for name in ("qs", "mr", "dates", "team", "released", "steps", "manage") if f'id="{name}"' in text}
    assert (page.status_code, shown) == (200, blocks)


def test_line_shows_phases_and_steps(client, ib):
    project = project_with_steps(due=(in_days(-9), in_days(-3), in_days(30)))
    project.steps.filter(step__number=1).update(done_at=timezone.now(), done_by=ib)
    text = page_of(client, project, member(project, Role.COORDINATOR)).content.decode()
    assert [text.count(part) for part in ('class="step is-done"', 'class="step is-now"', 'class="step"')] == [1, 1, 1]
    assert "2 of 3 · Visit of the harbour" in text
    assert "3 days late" in text


def test_sections_show_their_completeness(client):
    project = project_with_steps()
    answer(project, "B.1-1", 2)
    text = page_of(client, project, member(project, Role.COORDINATOR)).content.decode()
    assert [text.count(state) for state in ("Complete", "Not started")] == [1, 3]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({}, "Not answered yet"),
        ({"value": "yes"}, "Yes"),
        ({"value": "partly"}, "Partly"),
        ({"value": "no"}, "No"),
        ({"status": "dont_know"}, "Don’t know"),
        ({"value": "no", "is_confidential": True}, "Confidential"),
    ],
)
def test_minimum_requirements_say_what_the_country_says(client, content, said):
    project = project_with_steps()
    if content:
        answer(project, "G-5", **content)
    regulator = MembershipFactory(project=project, regulator=True).user
    entries = page_of(client, project, regulator).context["requirements"]
    assert [(entry.requirement.code, entry.met.label) for entry in entries] == [("R1", said)]


def test_unmet_requirement_warns_staff_and_experts_until_the_visit_is_over(client):
    project = project_with_steps()
    answer(project, "G-5", "no")
    MembershipFactory.create_batch(2, project=project, expert=True)
    warning = "The country does not meet “Name a harbour team” yet. Settle it before planning the visit."
    expert = member(project, Role.EXPERT)
    assert page_of(client, project, expert).context["warnings"] == [warning]
    assert page_of(client, project, member(project, Role.COORDINATOR)).context["warnings"] == []
    VisitFactory(project=project, starts_on=in_days(-9), ends_on=in_days(-6))
    assert page_of(client, project, expert).context["warnings"] == []


def test_visit_and_experts_outside_the_method_are_warned_of_until_put_right(client, ib):
    project = project_with_steps()
    visit = VisitFactory(project=project, starts_on=in_days(10), ends_on=in_days(11))
    warnings = page_of(client, project, ib).context["warnings"]
    assert warnings == [
        "No expert is in the team or invited. The method has two or three experts.",
        "The visit is planned for 2 days. The method has three to five days on site.",
    ]
    Visit.objects.filter(pk=visit.pk).update(ends_on=in_days(12))
    member(project, Role.EXPERT)
    InvitationFactory(project=project, role=Role.EXPERT)
    assert page_of(client, project, ib).context["warnings"] == []


def test_release_is_said_with_its_date(client):
    project = project_with_steps()
    submit(project)
    coordinator = member(project, Role.COORDINATOR)
    assert "Nothing is released yet." in page_of(client, project, coordinator).content.decode()
    release(project)
    assert "released on 10\xa0September 2026" in page_of(client, project, coordinator).content.decode()


@pytest.mark.parametrize(
    ("status", "verbs"),
    [
        (ProjectStatus.RUNNING, {"edit", "suspend", "cancel", "close"}),
        (ProjectStatus.SUSPENDED, {"resume", "cancel"}),
        (ProjectStatus.CLOSED, {"reopen"}),
        (ProjectStatus.CANCELLED, set()),
    ],
)
def test_manager_has_the_verbs_of_the_state(client, ib, status, verbs):
    project = project_with_steps()
    Project.objects.update(status=status, reason="Elections")
    page = page_of(client, project, ib)
    every = ("edit", "suspend", "resume", "cancel", "close", "reopen")
    shown = {
        verb for verb in every if reverse(f"projects:project_{verb}", args=[project.public_id]) in page.content.decode()
    }
    assert (shown, page.context["next"] is None) == (verbs, status != ProjectStatus.RUNNING)


def test_strangers_find_no_project(client):
    project = project_with_steps()
    assert page_of(client, project, member(project_with_steps(), Role.COORDINATOR)).status_code == 404
    assert page_of(client, project, staff(regions=[Region.ARAB])).status_code == 404
    assert client.get(reverse("assessments:project_detail", args=[uuid.uuid4()])).status_code == 404


def test_project_page_takes_no_post(as_ib):
    assert as_ib.post(project_with_steps().get_absolute_url()).status_code == 405
    assert as_ib.post(reverse(PORTFOLIO)).status_code == 405


@pytest.mark.parametrize("role", ["ib", Role.COORDINATOR, Role.EXPERT])
def test_project_page_takes_at_most_fifteen_queries_however_large_the_team(client, role, ib):
    project = project_with_steps()
    VisitFactory(project=project)
    person = ib if role == "ib" else member(project, role)
    if role != Role.COORDINATOR:
        submit(project)

    page_of(client, project, person)  # the instrument's structure is read once and kept in memory
    with CaptureQueriesContext(connection) as first:
        client.get(project.get_absolute_url())
    MembershipFactory.create_batch(3, project=project, contributor=True)
    InvitationFactory.create_batch(3, project=project)
    with CaptureQueriesContext(connection) as second:
        client.get(project.get_absolute_url())
    assert (len(second), len(first) <= 15) == (len(first), True)


# A new project


def new(country: Country) -> str:
    return f"{reverse(NEW)}?country={country.code}"


def typed(ib, **changes) -> dict:
    return {
        "operator": "Poste de Valmara", "framework": str(published_framework().public_id), "language": "en",
        "cycle": "Dubai 2026–2029", "round": "1", "manager": str(ib.public_id), "questionnaire_due": "2027-05-22",
        "visit_starts_on": "2027-06-28", "visit_ends_on": "2027-07-01", "visit_place": "Port-Amarel",
        "coordinator_name": "Awa Diallo", "coordinator_email": "awa@valmara.example",
        "expert1_name": "Inès Valtierra", "expert1_email": "ines@experts.example",
        "expert2_name": "", "expert2_email": "", "expert3_name": "", "expert3_email": "",
    } | changes  # fmt: skip


def test_country_is_chosen_first_among_all_sorted_by_name(as_ib):
    CountryFactory(name={"fr": "Zambarie", "en": "Zambaria"})
    CountryFactory(name={"fr": "Éthanie", "en": "Ethania"})
    page = as_ib.get(reverse(NEW))
    groups = page.context["country_form"].fields["country"].choices[1:]
    assert [(region, [name for _code, name in group]) for region, group in groups] == [
        ("Africa", ["Ethania", "Zambaria"])
    ]
    assert as_ib.get(f"{reverse(NEW)}?country=nowhere").context["country_form"].errors


def test_project_is_created_whole(as_ib, ib):
    country = CountryFactory()
    answer_ = as_ib.post(new(country), typed(ib))
    project = Project.objects.get()
    assert (answer_.status_code, answer_["Location"]) == (302, project.get_absolute_url())
    assert (project.country, project.operator.name, project.round, project.manager) == (
        country, "Poste de Valmara", 1, ib,
    )  # fmt: skip
    assert [sheet.instrument.audience for sheet in AnswerSheet.objects.order_by("pk")] == ["national", "experts"]
    assert national_sheet(project).applicable == 10
    assert list(project.steps.values_list("due_on", flat=True)) == [
        datetime.date(2027, 5, 22), datetime.date(2027, 7, 1), datetime.date(2027, 8, 30),
    ]  # fmt: skip
    assert list(Invitation.objects.order_by("pk").values_list("role", flat=True)) == ["coordinator", "expert"]


def test_the_next_round_starts_with_what_was_signed_in_the_previous_one_as_proposals(as_ib, ib):
    first = opened_project()
    answer(first, "G-1", "1200")
    answer(first, "A.1-1", 3)
    submit(first)
    page = as_ib.post(new(first.country), typed(ib, operator=first.operator.name, round="2"), follow=True)
    assert "2 answers of the previous round are proposed to the country." in page.content.decode()
    later = Project.objects.get(round=2)
    proposals = OtherAnswer.objects.filter(sheet=national_sheet(later)).order_by("pk")
    assert [(row.question.code, row.value, row.saved_by) for row in proposals] == [
        ("G-1", "1200", ib),
        ("A.1-1", 3, ib),
    ]
    assert national_sheet(later).answered == 0
    event = ProjectEvent.objects.get(project=later, kind="answers_taken_over")
    assert (event.by, event.about) == (ib, {"number": 2})


def test_unusual_visit_and_few_experts_are_saved_and_warned_of(as_ib, ib):
    page = as_ib.post(new(CountryFactory()), typed(ib, visit_ends_on="2027-06-29"), follow=True)
    assert page.context["warnings"] == [
        "The team has 1 expert, invitations included. The method has two or three experts.",
        "The visit is planned for 2 days. The method has three to five days on site.",
    ]


def test_project_from_an_accepted_request(as_ib, ib):
    asked = CountryRequestFactory(accepted=True)
    address = f"{reverse(NEW)}?request={asked.public_id}"
    assert asked.sender in as_ib.get(address).content.decode()
    as_ib.post(address, typed(ib))
    assert Project.objects.get().request == asked
    assert as_ib.post(address, typed(ib, round="2")).status_code == 409
    assert Project.objects.count() == 1


def test_request_that_is_not_accepted_starts_no_project(as_ib, ib):
    asked = CountryRequestFactory()
    assert as_ib.post(f"{reverse(NEW)}?request={asked.public_id}", typed(ib)).status_code == 409
    assert Project.objects.count() == 0
    assert as_ib.get(f"{reverse(NEW)}?request={uuid.uuid4()}").status_code == 404
    assert as_ib.get(f"{reverse(NEW)}?request=x").status_code == 404


def test_form_offers_operators_round_language_and_manager(as_ib, ib):
    first = opened_project(round=2)
    DesignatedOperatorFactory(country=first.country, name="Autre poste")
    form = as_ib.get(new(first.country)).context["form"]
    assert form.operators == ["Autre poste", first.operator.name]
    assert [form[name].value() for name in ("round", "language", "manager", "cycle")] == [
        3, "fr", str(ib.public_id), "Dubai 2026–2029",
    ]  # fmt: skip


def test_operator_typed_without_accents_is_the_known_one(as_ib, ib):
    operator = DesignatedOperatorFactory(name="Poste d’Éthanie")
    as_ib.post(new(operator.country), typed(ib, operator="poste d'ethanie"))
    assert Project.objects.get().operator == operator


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"operator": ""}, {"operator"}),
        ({"framework": "x"}, {"framework"}),
        ({"language": "xx"}, {"language"}),
        ({"manager": str(uuid.uuid4())}, {"manager"}),
        ({"round": "0"}, {"round"}),
        ({"questionnaire_due": "soon"}, {"questionnaire_due"}),
        ({"visit_ends_on": ""}, {"visit_ends_on"}),
        ({"visit_ends_on": "2027-06-01"}, {"visit_ends_on"}),
        ({"coordinator_email": ""}, {"coordinator_email"}),
        ({"coordinator_name": ""}, {"coordinator_name"}),
        ({"expert1_email": "not an address"}, {"expert1_email"}),
        ({"expert2_name": "The same", "expert2_email": "INES@experts.example"}, {"expert2_email"}),
        ({"operator": "a\x00b"}, {"operator"}),
    ],
)
def test_invalid_project_keeps_what_was_typed(as_ib, ib, changes, wrong):
    page = as_ib.post(new(CountryFactory()), typed(ib, visit_place="Keep me", **changes))
    assert (page.status_code, set(page.context["form"].errors)) == (422, wrong)
    assert "Keep me" in page.content.decode()
    assert (Project.objects.count(), Invitation.objects.count()) == (0, 0)


def test_round_that_exists_says_which_comes_next(as_ib, ib):
    first = opened_project()
    page = as_ib.post(new(first.country), typed(ib, operator=first.operator.name))
    assert page.context["form"].errors["round"] == [
        "This operator already has round 1 in this cycle. The next one is 2."
    ]


def test_managers_of_other_regions_are_not_offered(as_ib, ib):
    staff(regions=[Region.ARAB])
    choices = as_ib.get(new(CountryFactory())).context["form"].fields["manager"].choices
    assert choices == [(str(ib.public_id), ib.name)]


def test_manager_of_a_region_creates_only_there(client):
    manager = staff(regions=[Region.ARAB])
    as_(client, manager)
    elsewhere, here = CountryFactory(), CountryFactory(region=Region.ARAB)
    assert client.post(new(elsewhere), typed(manager)).status_code == 200
    assert Project.objects.count() == 0
    assert client.post(new(here), typed(manager)).status_code == 302
    asked = CountryRequestFactory(accepted=True, country=elsewhere)
    assert client.get(f"{reverse(NEW)}?request={asked.public_id}").status_code == 404


@pytest.mark.parametrize("role", list(Role))
def test_members_create_nothing(client, role):
    project = project_with_steps()
    as_(client, member(project, role))
    assert [client.get(reverse(NEW)).status_code, client.post(new(project.country), {}).status_code] == [403, 403]


def test_sheet_state_shows_in_the_next_step(client):
    project = project_with_steps()
    submissions.send_to_signatory(national_sheet(project), reason="More comes in March.", by=project.manager)
    page = page_of(client, project, member(project, Role.SIGNATORY))
    assert page.context["next"].title == "Read and sign the questionnaire"
    assert page.context["next"].url in page.content.decode()

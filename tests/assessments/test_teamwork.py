"""Sharing the questionnaire out: who answers which section, who is told, what everyone sees first."""

import datetime
import uuid

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from assessments import outline
from assessments.actions.teamwork import Assigned, assign_sections
from assessments.models import Answer, AnswerRevision, SectionAssignment
from foundation.models import Mail
from projects.models import Invitation, Membership, MoveNotAllowed, ProjectEvent, ProjectStatus
from projects.permissions import Role
from tests.clients import signed_in
from tests.factories.assessments import (
    SectionAssignmentFactory,
    answer,
    opened_project,
    section,
)
from tests.factories.projects import InvitationFactory, MembershipFactory, member
from toolkit.models import Institution

pytestmark = pytest.mark.django_db
TODAY = datetime.date(2026, 5, 4)


@pytest.fixture
def project(settings):
    settings.SITE_URL = "https://readiness.example"
    return opened_project()


@pytest.fixture
def focal(project):
    return member(project, Role.COORDINATOR, user__name="Amina Focal")


def membership(project, user) -> Membership:
    return Membership.objects.select_related("user").get(project=project, user=user)


def assignments() -> list[tuple]:
    rows = SectionAssignment.objects.order_by("sheet_section__section__position")
    return list(rows.values_list("sheet_section__section__code", "institution", "member__user__name", "due_on"))


def test_who_is_named_gets_one_message_with_all_their_sections(project, sheet, focal):
    lea = membership(project, member(project, Role.CONTRIBUTOR, user__name="Léa", user__language="fr"))
    due = datetime.date(2026, 6, 1)
    wanted = {section(project, code): Assigned("post", lea, due) for code in ("G", "A.1")}
    assert assign_sections(sheet, wanted, by=focal) == list(wanted)
    assert assignments() == [("G", "post", "Léa", due), ("A.1", "post", "Léa", due)]
    mail = Mail.objects.get()
    assert (mail.to, mail.language) == (lea.user.email, "fr")
    names = [section(project, code).name["fr"] for code in ("G", "A.1")]
    assert [line for line in mail.body.splitlines() if line.startswith("- ")] == [
        f"- G {names[0]}, pour le 1er\xa0juin 2026",
        f"- A.1 {names[1]}, pour le 1er\xa0juin 2026",
    ]
    assert f"https://readiness.example{reverse('assessments:questionnaire', args=[project.public_id])}" in mail.body


def test_another_day_is_no_new_section_and_nobody_is_written_to_twice(project, sheet, focal):
    lea = membership(project, member(project, Role.CONTRIBUTOR))
    part = section(project, "A.1")
    assign_sections(sheet, {part: Assigned("post", lea)}, by=focal)
    Mail.objects.all().delete()
    assert assign_sections(sheet, {part: Assigned("post", lea)}, by=focal) == []
    assert assign_sections(sheet, {part: Assigned("post", lea, TODAY)}, by=focal) == [part]
    assert not Mail.objects.exists()


def test_an_institution_without_a_name_tells_those_who_answer_there(project, sheet, focal):
    regulator = member(project, Role.CONTRIBUTOR, institution=Institution.REGULATOR)
    member(project, Role.SIGNATORY, institution=Institution.REGULATOR)
    member(project, Role.CONTRIBUTOR, institution=Institution.MINISTRY)
    assign_sections(sheet, {section(project, "A.1"): Assigned("regulator")}, by=focal)
    assert [mail.to for mail in Mail.objects.all()] == [regulator.email]


def test_who_assigns_a_section_to_themselves_is_not_written_to(project, sheet, focal):
    assign_sections(sheet, {section(project, "A.1"): Assigned("post", membership(project, focal))}, by=focal)
    assert not Mail.objects.exists()
    assert len(assignments()) == 1


def test_nobody_again(project, sheet, focal):
    part = section(project, "A.1")
    assign_sections(sheet, {part: Assigned("ministry")}, by=focal)
    assert assign_sections(sheet, {part: None}, by=focal) == [part]
    assert assignments() == []
    events = ProjectEvent.objects.filter(kind="sections_assigned")
    assert [event.about for event in events] == [{"sections": ["A.1"]}] * 2


def test_nothing_changes_in_a_project_that_does_not_run(project, sheet, focal):
    project.move(ProjectStatus.SUSPENDED, reason="A strike.")
    with pytest.raises(MoveNotAllowed):
        assign_sections(sheet, {section(project, "A.1"): Assigned("post")}, by=focal)


def test_the_bureau_answers_no_section(sheet):
    row = sheet.sections.order_by("pk").first()
    with pytest.raises(IntegrityError), transaction.atomic():
        SectionAssignmentFactory(sheet_section=row, institution=Institution.IB)


# ── The form ─────────────────────────────────────────────────────────────────


@pytest.fixture
def form_url(project, sheet):
    return reverse("assessments:assignments", args=[project.public_id, sheet.instrument.code])


def shown(client, url) -> str:
    return client.get(url).context["form"].state


def test_who_is_invited_is_named_until_they_have_accepted(project, sheet, focal, form_url):
    InvitationFactory(project=project, name="Fatou Sarr", role=Role.CONTRIBUTOR)
    InvitationFactory(project=project, name="Ernst Expert", role=Role.EXPERT, institution=Institution.IB)
    client = signed_in(focal)
    page = client.get(form_url)
    assert page.context["invited"] == ["Fatou Sarr"]
    assert "Invited, and not in the team yet: Fatou Sarr." in page.content.decode()
    Invitation.objects.update(withdrawn_at=timezone.now(), withdrawn_by=focal)
    assert "not in the team yet" not in client.get(form_url).content.decode()


def test_a_message_is_spoken_of_only_where_messages_leave(project, sheet, focal, form_url, settings):
    client = signed_in(focal)
    said = []
    for place, settings.EMAIL_URL in (("ministry", ""), ("regulator", "smtp://mail.example")):
        form = {"shown": shown(client, form_url), "A.1:institution": place}
        said.append(client.post(form_url, form, follow=True).content.decode())
    assert ["does not send e-mails yet" in page for page in said] == [True, False]
    assert ["get one message each" in page for page in said] == [False, True]


def test_a_person_alone_brings_their_institution(project, sheet, focal, form_url):
    ministry = membership(project, member(project, Role.CONTRIBUTOR, institution="ministry", user__name="Rovo"))
    client = signed_in(focal)
    reply = client.post(form_url, {"shown": shown(client, form_url), "A.1:member": str(ministry.public_id)})
    assert reply.status_code == 302
    assert assignments() == [("A.1", "ministry", "Rovo", None)]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"A.1:due_on": "2099-01-01"}, "Choose who answers this section"),
        ({"A.1:institution": "post", "A.1:due_on": "2020-01-01"}, "This day is over"),
        ({"A.1:institution": "ib"}, "A.1:institution"),
        ({"A.1:member": "7b0c0e0e-0000-4000-8000-000000000000"}, "A.1:member"),
    ],
)
def test_what_cannot_be_is_told_and_nothing_is_saved(project, focal, form_url, typed, said):
    client = signed_in(focal)
    reply = client.post(form_url, {"shown": shown(client, form_url), **typed})
    assert reply.status_code == 422
    assert said in reply.content.decode()
    assert assignments() == []


def test_a_member_of_another_project_cannot_be_named(project, focal, form_url):
    other = opened_project()
    stranger = membership(other, member(other, Role.CONTRIBUTOR))
    client = signed_in(focal)
    typed = {"shown": shown(client, form_url), "A.1:member": str(stranger.public_id)}
    assert client.post(form_url, typed).status_code == 422


def test_what_a_colleague_said_meanwhile_is_not_overwritten_unseen(project, sheet, focal, form_url):
    client = signed_in(focal)
    old = shown(client, form_url)
    assign_sections(sheet, {section(project, "G"): Assigned("ministry")}, by=member(project, Role.COORDINATOR))
    reply = client.post(form_url, {"shown": old, "A.1:institution": "post"})
    assert reply.status_code == 422
    assert "Someone else changed who answers" in reply.content.decode()
    assert assignments() == [("G", "ministry", None, None)]
    again = {"shown": reply.context["form"]["shown"].value(), "A.1:institution": "post"}
    assert client.post(form_url, again).status_code == 302
    assert assignments() == [("A.1", "post", None, None)]


def test_who_left_stays_named_until_someone_else_is(project, sheet, focal, form_url):
    lea = membership(project, member(project, Role.CONTRIBUTOR, user__name="Léa"))
    assign_sections(sheet, {section(project, "A.1"): Assigned("post", lea)}, by=focal)
    Membership.objects.filter(pk=lea.pk).update(until=datetime.date(2020, 1, 1))
    client = signed_in(focal)
    page = client.get(form_url)
    assert "Léa (access has ended)" in page.content.decode()
    kept = {"A.1:institution": "post", "A.1:member": str(lea.public_id), "shown": page.context["form"].state}
    assert client.post(form_url, kept).status_code == 302
    assert assignments() == [("A.1", "post", "Léa", None)]


# ── What each sees first ─────────────────────────────────────────────────────


def questionnaire(client, project):
    return client.get(reverse("assessments:questionnaire", args=[project.public_id]))


def codes(entries) -> list[str]:
    return [entry.section.code for entry in entries]


def test_each_sees_their_own_sections_first(project, sheet, focal):
    lea = member(project, Role.CONTRIBUTOR)
    rovo = member(project, Role.CONTRIBUTOR, institution="ministry")
    wanted = {
        section(project, "A.1"): Assigned("post", membership(project, lea)),
        section(project, "A.2"): Assigned("ministry"),
        section(project, "B.1"): Assigned("post"),
    }
    assign_sections(sheet, wanted, by=focal)
    own = {user: codes(questionnaire(signed_in(user), project).context["own"]) for user in (lea, rovo, focal)}
    assert own == {lea: ["A.1", "B.1"], rovo: ["A.2"], focal: ["B.1"]}
    page = questionnaire(signed_in(rovo), project)
    assert codes(page.context["entries"]) == ["G", "A.1", "B.1"]
    assert page.context["next_section"].code == "A.2"


def test_the_first_due_of_ones_own_sections_is_gone_on_with_and_never_someone_elses(project, sheet, focal):
    rovo = member(project, Role.CONTRIBUTOR, institution="ministry")
    due = timezone.localdate() + datetime.timedelta(days=9)
    wanted = {section(project, code): Assigned("ministry") for code in ("A.1", "A.2")}
    wanted |= {section(project, "B.1"): Assigned("ministry", None, due), section(project, "G"): Assigned("post")}
    assign_sections(sheet, wanted, by=focal)
    assert questionnaire(signed_in(rovo), project).context["next_section"].code == "B.1"
    for code in ("A.1-1", "A.1-2", "A.1-4", "A.2-1", "A.2-2", "B.1-1"):
        answer(project, code, status="dont_know")
    page = questionnaire(signed_in(rovo), project)
    assert page.context["next_section"] is None
    assert "Your sections are complete" in page.content.decode()


def test_the_projects_page_leads_to_ones_own_sections_and_shows_them_first(project, sheet, focal):
    rovo = member(project, Role.CONTRIBUTOR, institution="ministry")
    due = timezone.localdate() + datetime.timedelta(days=9)
    assign_sections(sheet, {section(project, "B.1"): Assigned("ministry", None, due)}, by=focal)
    page = signed_in(rovo).get(project.get_absolute_url())
    assert codes(page.context["sections"]) == ["B.1", "G", "A.1", "A.2"]
    assert (page.context["next"].due, page.context["next"].url) == (due, section_page(sheet, "B.1"))
    assert f"yours, by {date_format(due, 'SHORT_DATE_FORMAT')}" in page.content.decode()
    assert "yours" not in signed_in(focal).get(project.get_absolute_url()).content.decode()


def test_the_portfolio_of_several_projects_leads_there_too(project, sheet, focal):
    rovo = member(project, Role.CONTRIBUTOR, institution="ministry")
    MembershipFactory(project=opened_project(), user=rovo, contributor=True)
    assign_sections(sheet, {section(project, "B.1"): Assigned("ministry")}, by=focal)
    shown = signed_in(rovo).get(reverse("assessments:portfolio")).context["tasks"].shown
    assert section_page(sheet, "B.1") in [task.step.url for task in shown]


def test_overdue_is_said_until_the_section_is_complete(project, sheet, focal):
    late = timezone.localdate() - datetime.timedelta(days=3)
    SectionAssignmentFactory(sheet_section=sheet.sections.get(section__code="B.1"), due_on=late)
    page = questionnaire(signed_in(focal), project).content.decode()
    assert "3 days late" in page
    answer(project, "B.1-1", 2)
    assert outline.section_entries(sheet)[-1].is_complete
    assert "days late" not in questionnaire(signed_in(focal), project).content.decode().split("<main")[1]


def test_experts_have_no_sections_of_their_own(project, sheet):
    expert = member(project, Role.EXPERT, institution=Institution.OTHER)
    SectionAssignmentFactory(sheet_section=sheet.sections.order_by("pk").first(), institution=Institution.OTHER)
    assert questionnaire(signed_in(expert), project).context["own"] == []


def test_asks_no_more_for_more_assignments(project, sheet, focal):
    client = signed_in(focal)

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            questionnaire(client, project)
        return len(queries)

    asked()
    before = asked()
    people = [membership(project, member(project, Role.CONTRIBUTOR)) for _ in range(2)]
    parts = enumerate(outline.structure(sheet.instrument).sections)
    wanted = {part: Assigned("post", people[number % 2]) for number, part in parts}
    assign_sections(sheet, wanted, by=focal)
    assert asked() == before


# ── Entered for another institution ──────────────────────────────────────────


def section_page(sheet, part="G", query="") -> str:
    return reverse("assessments:section", args=[sheet.project.public_id, sheet.instrument.code, part]) + query


def text_question(sheet):
    questions = outline.structure(sheet.instrument).questions.values()
    return next(question for question in questions if question.kind == "text")


def post_for(client, project, asked, institution, value, base=0, **more):
    url = reverse("assessments:answer_save", args=[project.public_id, asked.section.instrument.code, asked.code])
    typed = {"value": value, "for": institution, "base": base, "save_id": uuid.uuid4(), **more}
    return client.post(url, {f"{asked.code}:{name}": text for name, text in typed.items()})


def test_the_page_carries_for_whom_one_types_and_the_answer_says_so(project, sheet, focal):
    asked, client = text_question(sheet), signed_in(focal)
    url = section_page(sheet, asked.section.code)
    assert f'name="{asked.code}:for"' not in client.get(url).content.decode()
    page = client.get(url + "?for=ministry").content.decode()
    assert f'<input type="hidden" name="{asked.code}:for" value="ministry">' in page
    assert f'href="{section_page(sheet, "A.2")}?for=ministry"' in page
    reply = post_for(client, project, asked, "ministry", "From their letter.")
    assert reply.status_code == 200
    assert reply.json()["message"].endswith("by you · entered for: Ministry")
    row = Answer.objects.get()
    assert (row.institution, row.is_on_behalf, row.saved_by) == ("ministry", True, focal)
    assert AnswerRevision.objects.get().is_on_behalf
    own_page = reverse("assessments:question", args=[project.public_id, sheet.instrument.code, asked.code])
    assert "Entered for: Ministry, by Amina Focal" in client.get(own_page).content.decode()


def test_ones_own_institution_is_nobody_elses(project, sheet, focal):
    asked = text_question(sheet)
    post_for(signed_in(focal), project, asked, "post", "Ours.")
    assert not Answer.objects.get().is_on_behalf


def test_what_is_confidential_is_read_by_whom_it_was_entered_for_and_by_who_typed_it_in(project, sheet, focal):
    asked = text_question(sheet)
    ministry, colleague = (
        member(project, Role.CONTRIBUTOR, institution=place) for place in (Institution.MINISTRY, Institution.POST)
    )
    typing = signed_in(focal)
    assert post_for(typing, project, asked, "ministry", "SECRET-of-the-ministry", confidential="on").status_code == 200
    more = post_for(typing, project, asked, "ministry", "SECRET-of-the-ministry, mended", base=1, confidential="on")
    assert more.status_code == 200
    url = section_page(sheet, asked.section.code)

    def reads(person) -> bool:
        return "SECRET-of-the-ministry" in signed_in(person).get(url).content.decode()

    assert [reads(person) for person in (ministry, focal, colleague)] == [True, True, False]
    assert post_for(signed_in(colleague), project, asked, "", "Mine", base=2).status_code == 422
    by_themselves = post_for(
        signed_in(ministry), project, asked, "", "SECRET-of-the-ministry, ours", base=2, confidential="on"
    )
    assert by_themselves.status_code == 200
    assert [reads(person) for person in (ministry, focal, colleague)] == [True, False, False]
    assert post_for(typing, project, asked, "ministry", "Again", base=3).status_code == 422


def test_who_typed_a_confidential_answer_in_reads_its_versions_until_the_institution_saves_it_anew(
    project, sheet, focal
):
    asked, typing = text_question(sheet), signed_in(focal)
    ministry, colleague = (member(project, Role.CONTRIBUTOR, institution=place) for place in ("ministry", "post"))
    for base, words in enumerate(("SECRET-one", "SECRET-two")):
        post_for(typing, project, asked, "ministry", words, base=base, confidential="on")
    first = AnswerRevision.objects.order_by("pk").first()
    page = reverse("assessments:question", args=[project.public_id, sheet.instrument.code, asked.code])
    restore = reverse("assessments:answer_restore", args=[project.public_id, sheet.instrument.code, asked.code])

    def reads(person) -> list[bool]:
        shown = signed_in(person).get(page).content.decode()
        return ["SECRET-one" in shown, "SECRET-two" in shown]

    assert [reads(person) for person in (focal, ministry, colleague)] == [[True, True], [True, True], [False, False]]
    back = {"version": first.save_id, "base": 2, "save_id": uuid.uuid4()}
    assert signed_in(colleague).post(restore, back).status_code == 404
    typing.post(restore, back)
    row = Answer.objects.get()
    assert (row.value, row.institution, row.is_on_behalf) == ("SECRET-one", "ministry", True)
    post_for(signed_in(ministry), project, asked, "", "SECRET-ours", base=3, confidential="on")
    assert [reads(person) for person in (focal, ministry)] == [[False, False], [True, True]]
    assert typing.post(restore, {**back, "base": 4, "save_id": uuid.uuid4()}).status_code == 403
    assert Answer.objects.get().value == "SECRET-ours"


@pytest.mark.parametrize(("role", "institution"), [("contributor", "ministry"), ("coordinator", "ib")])
def test_only_the_coordinator_types_in_and_only_for_the_country(project, sheet, role, institution):
    client = signed_in(member(project, role))
    reply = post_for(client, project, text_question(sheet), institution, "a")
    assert (reply.status_code, reply.json()["problem"]) == (422, "impossible")
    assert not AnswerRevision.objects.exists()


def test_without_a_script_the_page_goes_on_for_the_same_institution(project, sheet, focal):
    asked = text_question(sheet)
    url = section_page(sheet, asked.section.code, "?for=regulator")
    typed = {"value": "On paper.", "for": "regulator", "base": 0, "save_id": uuid.uuid4()}
    reply = signed_in(focal).post(url, {f"{asked.code}:{name}": text for name, text in typed.items()})
    assert (reply.status_code, reply["Location"]) == (302, url)
    assert Answer.objects.get().institution == "regulator"


def test_a_contributor_is_not_offered_to_type_in_for_others(project, sheet):
    url = section_page(sheet, query="?for=ministry")
    page = signed_in(member(project, Role.CONTRIBUTOR)).get(url).content.decode()
    assert ":for" not in page

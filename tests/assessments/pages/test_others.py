"""Answers beside the one that counts, as their people meet them: proposals and differing views."""

import datetime
import html
import json
import re
import uuid

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from assessments.actions import others as actions
from assessments.models import Answer, AnswerRevision, OtherAnswer
from assessments.outline import structure
from foundation.models import Mail
from projects.models import ProjectStatus
from projects.permissions import Role
from tests.assessments.pages.test_questions import url
from tests.clients import signed_in
from tests.factories.assessments import (
    DifferingViewFactory,
    ProposalFactory,
    answer,
    national_sheet,
    opened_project,
    submit,
)
from tests.factories.projects import member, staff
from toolkit.models import Institution, Kind

pytestmark = pytest.mark.django_db


@pytest.fixture
def number(sheet):
    return next(question for question in structure(sheet.instrument).questions.values() if question.kind == Kind.NUMBER)


@pytest.fixture
def bureau():
    return staff()


@pytest.fixture
def regulator(project):
    return member(project, Role.CONTRIBUTOR, institution=Institution.REGULATOR)


def section_page(client, project, question):
    address = reverse(
        "assessments:section", args=[project.public_id, question.section.instrument.code, question.section.code]
    )
    return client.get(address).content.decode()


def fields(question, **typed):
    return {f"{question.code}:{name}": value for name, value in typed.items()}


def proposed(client, project, question, value="1,234", source="UPU postal statistics", year="2024"):
    typed = fields(question, value=value) | {"source": source, "year": year}
    return client.post(url(project, question, "proposal_add"), typed, follow=True)


def confirmed(client, project, question, base=0):
    proposal = OtherAnswer.objects.proposed().standing().get(question=question)
    address = url(project, question, "proposal_confirm", proposal.public_id)
    return client.post(address, {"base": base}, follow=True)


# ── Proposals ────────────────────────────────────────────────────────────────


def test_country_sees_what_the_bureau_proposes_and_it_does_not_count(project, sheet, number, as_focal, bureau):
    page = proposed(signed_in(bureau), project, number).content.decode()
    assert "The country sees your proposal" in page
    shown = section_page(as_focal, project, number)
    for words in ("Proposed by the International Bureau", "1,234", "UPU postal statistics", "2024", ">Confirm<"):
        assert words in shown
    assert not Answer.objects.exists()
    assert national_sheet(project).answered == 0


def test_confirmed_proposal_is_the_persons_answer_and_the_history_says_so(project, number, focal, as_focal, bureau):
    proposed(signed_in(bureau), project, number)
    page = confirmed(as_focal, project, number).content.decode()
    assert f"{number.code}: confirmed." in page
    head, revision = Answer.objects.get(), AnswerRevision.objects.get()
    assert (head.value, head.saved_by, head.institution) == ("1234", focal, "post")
    assert revision.proposal == OtherAnswer.objects.get()
    assert national_sheet(project).answered == int(number.is_core)
    assert "Proposed by the International Bureau" not in section_page(as_focal, project, number)
    assert "Confirmed from a proposal" in as_focal.get(url(project, number)).content.decode()


def test_confirming_twice_saves_once(project, number, as_focal, bureau):
    proposed(signed_in(bureau), project, number)
    confirmed(as_focal, project, number)
    confirmed(as_focal, project, number)
    assert AnswerRevision.objects.count() == 1


def sent(client, project, question, base=0, save_id=None, **more):
    """As static/answers.js confirms: the fields that the page gives, by the address of any answer."""
    shown = html.unescape(section_page(client, project, question))
    given = json.loads(re.search(r'data-confirm="(\[.*?\])"', shown)[1])
    return again(client, project, question, given, base, save_id or uuid.uuid4(), **more)


def again(client, project, question, given, base, save_id, **more):
    pairs = list(given.items()) if isinstance(given, dict) else given
    typed = {name: [value for other, value in pairs if other == name] for name, _value in pairs}
    typed |= fields(question, base=base, save_id=save_id, **more)
    return client.post(url(project, question, "answer_save"), typed)


def test_confirmed_through_the_outbox_it_is_the_same_answer(project, number, focal, as_focal, bureau):
    proposed(signed_in(bureau), project, number)
    save_id = uuid.uuid4()
    reply = sent(as_focal, project, number, save_id=save_id)
    assert (reply.status_code, reply.json()["outcome"]) == (200, "saved")
    head, revision = Answer.objects.get(), AnswerRevision.objects.get()
    assert (head.value, head.saved_by, head.institution) == ("1234", focal, "post")
    assert (revision.proposal, revision.save_id) == (OtherAnswer.objects.get(), save_id)


@pytest.mark.parametrize("kind", [Kind.CRITERION, Kind.CHOICES, Kind.TABLE, Kind.MONEY, Kind.TEXT])
def test_what_the_fields_say_is_what_was_proposed(project, sheet, as_focal, kind):
    asked = next(question for question in structure(sheet.instrument).questions.values() if question.kind == kind)
    options = list(asked.options.all())
    row, column = (next((one.code for one in options if one.axis == axis), "") for axis in ("row", "column"))
    value = {
        Kind.CRITERION: 2, Kind.CHOICES: ["sail", "ferry"], Kind.TABLE: {row: column},
        Kind.MONEY: {"amount": "1234.5", "currency": "USD"}, Kind.TEXT: "Deux\nlignes; «texte»",
    }[kind]  # fmt: skip
    proposal = ProposalFactory(sheet=sheet, question=asked, value=value, note="From the files", language="fr")
    assert sent(as_focal, project, asked).status_code == 200
    revision = AnswerRevision.objects.get()
    assert (revision.content(), revision.proposal) == (proposal.confirmed_content, proposal)
    assert revision.language == "fr"


def test_what_was_corrected_after_confirming_is_the_persons_own(project, number, as_focal, bureau):
    proposed(signed_in(bureau), project, number)
    assert sent(as_focal, project, number, value="1,235").status_code == 200
    assert (AnswerRevision.objects.get().proposal, Answer.objects.get().value) == (None, "1235")


def test_sent_again_after_it_was_withdrawn_it_is_still_that_save(project, number, as_focal, bureau):
    proposed(signed_in(bureau), project, number)
    proposal, save_id = OtherAnswer.objects.get(), uuid.uuid4()
    given = fields(number, value="1,234", proposal=proposal.public_id)
    first = again(as_focal, project, number, given, 0, save_id)
    actions.withdraw(proposal, by=bureau)
    second = again(as_focal, project, number, given, 0, save_id)
    assert (first.json()["number"], second.json()["number"], second.status_code) == (1, 1, 200)
    refused = again(as_focal, project, number, given, 1, uuid.uuid4())
    assert (refused.status_code, refused.json()["problem"]) == (422, "impossible")
    assert "changed or taken back meanwhile" in refused.json()["message"]
    assert AnswerRevision.objects.count() == 1


def test_confirmed_after_someone_answered_both_are_kept(project, number, as_focal, bureau, regulator):
    proposed(signed_in(bureau), project, number)
    given = fields(number, value="1,234", proposal=OtherAnswer.objects.get().public_id)
    answer(project, number.code, "99", by=regulator)
    reply = again(as_focal, project, number, given, 0, uuid.uuid4())
    assert (reply.status_code, reply.json()["problem"]) == (409, "conflict")
    assert list(AnswerRevision.objects.order_by("pk").values_list("value", "kind")) == [
        ("99", "accepted"), ("1234", "refused"),
    ]  # fmt: skip


def test_another_questions_proposal_or_none_at_all_is_refused(project, sheet, number, as_focal):
    other = ProposalFactory(sheet=sheet)
    for proposal in (other.public_id, uuid.uuid4(), "x"):
        reply = again(as_focal, project, number, fields(number, value="1", proposal=proposal), 0, uuid.uuid4())
        assert reply.status_code == 422
    assert not AnswerRevision.objects.exists()


def test_entered_for_the_ministry_a_confirmed_proposal_is_the_ministrys_word(project, number, as_focal, bureau):
    proposed(signed_in(bureau), project, number)
    assert sent(as_focal, project, number, **{"for": "ministry"}).status_code == 200
    head = Answer.objects.get()
    assert (head.institution, head.is_on_behalf) == ("ministry", True)


def test_confirming_over_what_was_not_shown_keeps_what_stands(project, number, as_focal, bureau):
    proposed(signed_in(bureau), project, number)
    answer(project, number.code, "99", by=member(project, Role.CONTRIBUTOR))
    page = confirmed(as_focal, project, number).content.decode()
    assert "Someone else saved an answer" in page
    assert Answer.objects.get().value == "99"


def test_corrected_proposal_is_no_longer_asked(project, number, focal, as_focal, bureau):
    proposed(signed_in(bureau), project, number)
    answer(project, number.code, "1300", by=focal)
    assert ">Confirm<" not in section_page(as_focal, project, number)
    assert AnswerRevision.objects.get().proposal is None


def test_confirmed_answer_to_a_confidential_question_is_confidential(project, sheet, as_focal, bureau):
    question = next(entry for entry in structure(sheet.instrument).questions.values() if entry.is_confidential)
    ProposalFactory(sheet=sheet, question=question, status="not_applicable", value=None, reason="There is none.")
    confirmed(as_focal, project, question)
    assert Answer.objects.get().is_confidential


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"value": "many"}, "is not a number"),
        ({"value": ""}, "Give an answer above"),
        ({"source": ""}, "Say where this comes from"),
        ({"year": "12"}, "1950"),
    ],
)
def test_wrong_proposal_keeps_what_was_typed(project, number, bureau, wrong, said):
    response = proposed(signed_in(bureau), project, number, **({"value": "77", "source": "Kept source"} | wrong))
    page = response.content.decode()
    assert response.status_code == 422
    assert said in page
    assert "source" in wrong or "Kept source" in page
    assert not OtherAnswer.objects.exists()


def test_new_proposal_takes_the_place_of_the_one_before(project, number, bureau):
    client = signed_in(bureau)
    proposed(client, project, number, value="1")
    proposed(client, project, number, value="2")
    assert [(row.value, row.withdrawn_by) for row in OtherAnswer.objects.order_by("pk")] == [("1", bureau), ("2", None)]


def test_proposal_is_withdrawn_by_the_bureau_and_kept(project, number, as_focal, bureau):
    proposed(signed_in(bureau), project, number)
    row = OtherAnswer.objects.get()
    address = url(project, number, "other_withdraw", row.public_id)
    assert as_focal.post(address).status_code == 403
    assert signed_in(bureau).post(address).status_code == 302
    row.refresh_from_db()
    assert row.withdrawn_by == bureau
    assert "UPU postal statistics" not in section_page(as_focal, project, number)


def test_nothing_is_proposed_or_confirmed_in_a_closed_questionnaire(project, number, as_focal, bureau):
    proposed(signed_in(bureau), project, number)
    submit(project)
    for page in (proposed(signed_in(bureau), project, number, value="2"), confirmed(as_focal, project, number)):
        assert "The questionnaire is closed" in page.content.decode()
    assert (OtherAnswer.objects.count(), Answer.objects.count()) == (1, 0)


# ── The previous round ───────────────────────────────────────────────────────


def following(project):
    """The same operator's next round, and its questionnaire."""
    later = opened_project(
        operator=project.operator, country=project.country, framework=project.framework, round=project.round + 1,
        created_at=project.created_at + datetime.timedelta(days=600),
    )  # fmt: skip
    return later, national_sheet(later)


def take_over(client, sheet):
    address = reverse("assessments:answers_take_over", args=[sheet.project.public_id, sheet.instrument.code])
    return client.post(address, follow=True)


def test_answers_of_the_previous_round_are_proposed(project, sheet, number, bureau, regulator):
    kinds = {question.kind: question for question in structure(sheet.instrument).questions.values()}
    answer(project, number.code, "1200")
    answer(project, kinds[Kind.CRITERION].code, 3)
    answer(project, kinds[Kind.TEXT].code, "SECRET", by=regulator, institution="regulator", is_confidential=True)
    answer(project, kinds[Kind.YES_PARTLY_NO].code, status="dont_know")
    submit(project)
    answers = AnswerRevision.objects.count()
    later, sheet = following(project)
    client = signed_in(bureau)
    page = client.get(reverse("assessments:questionnaire", args=[later.public_id])).content.decode()
    assert "Propose the answers of the previous round" in page
    assert "3 answers of the previous round are proposed" in take_over(client, sheet).content.decode()
    found = {row.question.code: (row.value, row.institution) for row in OtherAnswer.objects.filter(sheet=sheet)}
    assert found == {
        number.code: ("1200", "post"), kinds[Kind.CRITERION].code: (3, "post"),
        kinds[Kind.TEXT].code: ("SECRET", "regulator"),
    }  # fmt: skip
    coordinator = signed_in(member(later, Role.COORDINATOR))
    shown = section_page(coordinator, later, number)
    assert "From the previous round, signed on" in shown
    assert "SECRET" not in section_page(coordinator, later, kinds[Kind.TEXT])
    own = signed_in(member(later, Role.CONTRIBUTOR, institution=Institution.REGULATOR))
    confirmed(own, later, kinds[Kind.TEXT])
    head = Answer.objects.get(sheet=sheet)
    assert (head.value, head.is_confidential, head.institution) == ("SECRET", True, "regulator")
    assert "There was nothing more to take over." in take_over(client, sheet).content.decode()
    assert AnswerRevision.objects.count() == answers + 1


def test_what_is_answered_or_proposed_already_is_not_taken_over(project, sheet, number, bureau, focal):
    answer(project, number.code, "1200")
    submit(project)
    later, sheet = following(project)
    answer(later, number.code, "1300")
    take_over(signed_in(bureau), sheet)
    assert not OtherAnswer.objects.exists()


def test_choices_that_no_longer_exist_are_not_taken_over(project, sheet):
    question = next(entry for entry in structure(sheet.instrument).questions.values() if entry.kind == Kind.CHOICES)
    option = next(entry.code for entry in question.options.all())
    answer(project, question.code, [option])
    submission = submit(project)
    AnswerRevision.objects.update(value=[option, "gone"])
    assert actions.take_over(following(project)[1], submission, by=project.manager) == 0
    AnswerRevision.objects.update(value=[option])
    assert actions.take_over(following(opened_project_after(project))[1], submission, by=project.manager) == 1


def opened_project_after(project):
    project.round += 5
    return project


def test_first_round_has_nothing_to_take_over(project, sheet, bureau):
    assert "previous round" not in signed_in(bureau).get(
        reverse("assessments:questionnaire", args=[project.public_id])
    ).content.decode()  # fmt: skip
    assert take_over(signed_in(bureau), sheet).status_code == 404


# ── Differing views ──────────────────────────────────────────────────────────


def differs(client, project, question, value="900", why="Counter offices are not counted.", **typed):
    return client.post(
        url(project, question, "view_add"), fields(question, value=value, **typed) | {"why": why}, follow=True
    )


def test_differing_view_stands_beside_and_the_answer_counts(project, sheet, number, focal, as_focal, regulator):
    answer(project, number.code, "1200", by=focal)
    page = differs(signed_in(regulator), project, number).content.decode()
    assert "Your view stands beside the answer." in page
    assert Answer.objects.get().value == "1200"
    note = section_page(as_focal, project, number)
    assert "Another institution sees it differently: Regulator." in note
    assert "Counter offices are not counted." in as_focal.get(url(project, number)).content.decode()
    document = reverse("assessments:sheet_document", args=[project.public_id, sheet.instrument.code])
    assert "Counter offices are not counted." in as_focal.get(document).content.decode()


def test_experts_read_both_at_their_desk(project, sheet, focal, regulator):
    criterion = next(question for question in structure(sheet.instrument).questions.values() if question.is_scored)
    answer(project, criterion.code, 4, by=focal)
    differs(signed_in(regulator), project, criterion, value="2", why="The decree is not in force.")
    submit(project)
    address = reverse("assessments:validate", args=[project.public_id, criterion.code])
    assert "The decree is not in force." in signed_in(member(project, Role.EXPERT)).get(address).content.decode()


def test_coordinator_is_told_once(project, number, focal, regulator):
    answer(project, number.code, "1200", by=focal)
    for value in ("900", "901"):
        differs(signed_in(regulator), project, number, value=value)
    mail = Mail.objects.get()
    assert mail.to == focal.email
    assert url(project, number) in mail.body
    assert "900" not in mail.body
    assert [(row.value, row.withdrawn_at is None) for row in OtherAnswer.objects.order_by("pk")] == [
        ("900", False), ("901", True),
    ]  # fmt: skip


def test_a_confidential_view_is_announced_to_nobody_who_may_not_read_it(project, number, focal, regulator):
    answer(project, number.code, "1200", by=focal)
    of_regulator = member(project, Role.COORDINATOR, institution=Institution.REGULATOR)
    differs(signed_in(regulator), project, number, confidential="on")
    assert [mail.to for mail in Mail.objects.order_by("pk")] == [of_regulator.email]
    differs(signed_in(regulator), project, number, value="901")  # now it is open
    assert focal.email in [mail.to for mail in Mail.objects.order_by("pk")]


def test_own_institutions_answer_is_changed_not_differed_from(project, number, focal, as_focal):
    answer(project, number.code, "1200", by=focal)
    assert "Record a differing view" not in as_focal.get(url(project, number)).content.decode()
    assert "here you can answer" in differs(as_focal, project, number).content.decode()
    assert not OtherAnswer.objects.exists()


def test_there_is_no_view_on_what_one_may_not_read_or_is_not_answered(project, number, focal, regulator):
    client = signed_in(regulator)
    assert "here you can answer" in differs(client, project, number).content.decode()
    answer(project, number.code, "1200", by=focal, is_confidential=True)
    assert "here you can answer" in differs(client, project, number).content.decode()
    assert not OtherAnswer.objects.exists()


def test_view_needs_its_reason(project, number, focal, regulator):
    answer(project, number.code, "1200", by=focal)
    response = differs(signed_in(regulator), project, number, why="")
    assert response.status_code == 422
    assert "Say why, so that the experts can weigh both." in response.content.decode()
    assert 'value="900"' in response.content.decode()


def test_confidential_view_is_its_institutions_and_the_experts(project, number, focal, as_focal, regulator):
    answer(project, number.code, "1200", by=focal)
    differs(signed_in(regulator), project, number, why="SECRET", confidential="on")
    assert "SECRET" not in as_focal.get(url(project, number)).content.decode()
    assert "sees it differently" not in section_page(as_focal, project, number)
    assert "SECRET" in signed_in(member(project, Role.EXPERT)).get(url(project, number)).content.decode()


def test_views_are_hidden_with_the_answer_beside_which_they_stand(project, sheet, number, focal, regulator):
    DifferingViewFactory(sheet=sheet, question=number, value="9", grounds="SECRET", saved_by=regulator)
    answer(project, number.code, "1200", by=focal, is_confidential=True)
    ministry = signed_in(member(project, Role.CONTRIBUTOR, institution=Institution.MINISTRY))
    assert "SECRET" not in ministry.get(url(project, number)).content.decode()
    assert "SECRET" in signed_in(focal).get(url(project, number)).content.decode()


def test_view_is_withdrawn_by_its_institution_only(project, number, focal, as_focal, regulator):
    answer(project, number.code, "1200", by=focal)
    differs(signed_in(regulator), project, number)
    row = OtherAnswer.objects.get()
    address = url(project, number, "other_withdraw", row.public_id)
    assert as_focal.post(address).status_code == 404
    assert signed_in(member(project, Role.SIGNATORY)).post(address).status_code == 403
    assert signed_in(regulator).post(address).status_code == 302
    row.refresh_from_db()
    assert row.withdrawn_by == regulator


def test_suspended_project_takes_no_view(project, number, focal, regulator):
    answer(project, number.code, "1200", by=focal)
    project.move(ProjectStatus.SUSPENDED, reason="Elections")
    differs(signed_in(regulator), project, number)
    assert not OtherAnswer.objects.exists()


# ── What the database refuses ────────────────────────────────────────────────


@pytest.mark.parametrize(
    "broken",
    [
        {"kind": "other"},
        {"grounds": ""},
        {"status": "blank"},
        {"status": "dont_know"},
        {"kind": "differing", "year": 2024},
        {"institution": ""},
    ],
)
def test_database_refuses_what_says_nothing(sheet, number, broken):
    with pytest.raises(IntegrityError), transaction.atomic():
        ProposalFactory(sheet=sheet, question=number, **broken)


def test_database_refuses_two_that_stand(sheet, number):
    for made in (ProposalFactory, DifferingViewFactory):
        made(sheet=sheet, question=number, withdrawn=True)
        made(sheet=sheet, question=number)
        with pytest.raises(IntegrityError), transaction.atomic():
            made(sheet=sheet, question=number)

"""The findings page: to whom, when, and that every level opens to how it came about; the country's responses."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from assessments.findings import findings as read_findings
from assessments.models import AnswerStatus, Reservation
from projects.models import ProjectStatus
from projects.permissions import Role
from tests.clients import signed_in
from tests.factories.accounts import UserFactory
from tests.factories.assessments import (
    ObservationFactory,
    RecommendationFactory,
    SourceFactory,
    StrategyAimFactory,
    StrategyReviewFactory,
    answer,
    decide,
    opened_project,
    release,
    submit,
)
from tests.factories.projects import VisitFactory, member, staff
from tests.factories.toolkit import dre
from toolkit.models import Institution, Lever

pytestmark = pytest.mark.django_db
SECRETS = {
    "reason": "reason-planted", "note": "private-planted", "observation": "observation-planted",
    "recommendation": "recommendation-planted", "findings": "strategy-planted", "aim": "aim-planted",
    "source": "source-planted",
}  # fmt: skip


@pytest.fixture
def project():
    """Everything an expert can write, in the small framework, not released."""
    project = opened_project()
    answer(project, "A.1-1", 3)
    answer(project, "A.1-2", 2, basis="interview")
    answer(project, "A.2-1", status=AnswerStatus.NOT_APPLICABLE, reason="There is no harbour office.")
    answer(project, "B.1-1", 4)
    answer(project, "D1-1", 2)
    submit(project)
    decide(project, "A.1-1", 2, reason=SECRETS["reason"], private_note=SECRETS["note"])
    decide(project, "A.1-2", 2, basis="interview")
    decide(project, "A.2-1", accepts_not_applicable=True, private_note=SECRETS["note"])
    decide(project, "B.1-1", 4)
    ObservationFactory(project=project, text=SECRETS["observation"])
    RecommendationFactory(project=project, text=SECRETS["recommendation"])
    StrategyReviewFactory(project=project, findings=SECRETS["findings"])
    StrategyAimFactory(project=project, gap=SECRETS["aim"])
    SourceFactory(project=project, title=SECRETS["source"])
    return project


def url(name, project, *more):
    return reverse(f"assessments:{name}", args=[project.public_id, *more])


def read(project, user):
    response = signed_in(user).get(url("findings", project))
    assert response.status_code == 200
    return response.content.decode()


def planted(page):
    return {name for name, secret in SECRETS.items() if secret in page}


def test_the_experts_and_the_bureau_read_before_the_release(project):
    assert planted(read(project, member(project, "expert"))) == set(SECRETS) - {"note"}
    assert planted(read(project, staff())) == set(SECRETS) - {"note"}


@pytest.mark.parametrize("role", [Role.COORDINATOR, "contributor", "signatory", "observer"])
def test_before_the_release_the_country_reads_what_is_awaited(project, role):
    VisitFactory(project=project)
    page = read(project, member(project, role))
    assert planted(page) == set()
    assert "Nothing is released yet" in page
    assert project.manager.name in page
    assert 'data-level="' not in page


@pytest.mark.parametrize("role", [Role.COORDINATOR, "contributor", "signatory", "observer"])
def test_after_the_release_the_country_reads_all_but_the_notes_between_experts(project, role):
    release(project)
    assert planted(read(project, member(project, role))) == set(SECRETS) - {"note"}


def test_a_stranger_finds_nothing(project):
    release(project)
    client = signed_in(UserFactory())
    assert client.get(url("findings", project)).status_code == 404
    assert client.get(url("respond", project, "A.1-1")).status_code == 404


def test_the_page_is_read_only(project, focal):
    assert signed_in(focal).post(url("findings", project)).status_code == 405


def test_the_overall_level_is_shown_only_when_the_bureau_chose_so(project, focal):
    release(project)
    assert "Overall level reached" not in read(project, focal)
    project.show_overall = True
    project.save()
    assert "Overall level reached" in read(project, focal)


def test_a_level_opens_to_the_sum_it_comes_from(project, focal):
    release(project)
    found = read_findings(project, focal)
    (first, second), (third,) = (pillar.levers for pillar in found.pillars)

    assert [entry.validated.scored.shown for entry in (first, third)] == [2, 4]
    assert first.claimed.sum == "(3 × 1 + 2 × 2) ÷ 3 = 2.3333… → 2.3"
    assert first.validated.sum == "(2 × 1 + 2 × 2) ÷ 3 = 2 → 2.0"
    assert third.validated.sum == "4 ÷ 1 = 4 → 4.0"
    assert second.validated.sum == ""
    assert [(entry.code, entry.weight, entry.share) for entry in first.criteria] == [
        ("A.1-1", "1", 33),
        ("A.1-2", "2", 67),
    ]
    assert first.validated.is_unsupported
    page = read(project, focal)
    assert "(3 × 1 + 2 × 2) ÷ 3 = 2.3333… → 2.3" in page
    assert "2.0*" in page


def test_what_is_left_out_is_listed_with_its_reason(project, focal):
    release(project)
    found = read_findings(project, focal)
    assert [entry.code for entry in found.not_applicable] == ["A.2-1"]
    assert found.not_applicable[0].validated_left_out == "not applicable, accepted"
    assert "There is no harbour office." in read(project, focal)


def test_the_reason_of_a_confidential_answer_stays_with_its_institution(project):
    sheet_answer = project.sheets.get(instrument__audience="national").answers.get(question__code="A.2-1")
    sheet_answer.is_confidential = True
    sheet_answer.save()
    release(project)
    assert "There is no harbour office." not in read(project, member(project, "regulator"))
    assert "There is no harbour office." in read(project, member(project, "contributor"))
    assert "There is no harbour office." in read(project, staff())


def test_the_suggestion_is_for_the_level_reached(project):
    levers = {entry.lever.code: entry for entry in read_findings(project, staff()).levers}
    assert levers["A.1"].suggestion.guidance.from_level == 2
    assert levers["A.2"].suggestion is None  # the framework has none
    assert levers["B.1"].suggestion is None  # the highest level is reached

    lever = Lever.objects.get(pillar__framework=project.framework, code="A.1")
    adopted = RecommendationFactory(project=project, lever=lever, guidance=lever.guidance.get(from_level=2))
    assert read_findings(project, staff()).levers[0].suggestion.adopted == adopted
    assert f"Adopted as R{adopted.number}" in read(project, member(project, "expert"))


def test_a_lever_without_a_level_has_the_first_suggestion():
    project = opened_project()
    assert read_findings(project, staff()).levers[0].suggestion.guidance.from_level == 1
    assert "no criterion has one" in read(project, staff())


def test_only_who_may_write_sees_the_ways_to_write(project, focal):
    assert "Adopt this suggestion" in read(project, member(project, "expert"))
    release(project)
    assert "Adopt this suggestion" not in read(project, member(project, "expert"))
    assert "Adopt this suggestion" not in read(project, focal)


def test_the_bureau_is_led_to_the_release(project):
    address = reverse("reports:release", args=[project.public_id])
    assert address in read(project, staff())
    assert address not in read(project, member(project, "expert"))


def test_the_page_takes_as_many_queries_for_many_rows_as_for_one(project):
    client = signed_in(staff())
    client.get(url("findings", project))
    with CaptureQueriesContext(connection) as one:
        client.get(url("findings", project))
    ObservationFactory.create_batch(4, project=project)
    recommendations = RecommendationFactory.create_batch(4, project=project)
    recommendations[0].needs.set(recommendations[1:])
    StrategyAimFactory.create_batch(3, project=project)
    SourceFactory.create_batch(3, project=project)
    with CaptureQueriesContext(connection) as many:
        client.get(url("findings", project))
    assert len(many) == len(one) <= 30


def test_the_real_framework_is_read_with_its_radar():
    project = opened_project(framework=dre())
    answer(project, "P2.1-1", 4)
    submit(project)
    decide(project, "P2.1-1", 3, reason="Not measured yet")
    found = read_findings(project, staff())
    assert len(found.levers) == len(found.radar.axes) == 11
    page = read(project, staff())
    assert "radar-11" in page
    assert "Not measured yet" in page


# ── The country's responses ──────────────────────────────────────────────────


def test_the_country_responds_to_a_difference(project, focal):
    release(project)
    client = signed_in(focal)
    address = url("respond", project, "A.1-1")
    assert SECRETS["reason"] in client.get(address).content.decode()

    response = client.post(address, {"kind": "acknowledged", "text": "", "language": "fr"})
    assert response.url == url("findings", project) + "#lever-A.1"
    assert "Acknowledged by the country" in read(project, focal)

    client.post(address, {"kind": "reservation", "text": "Tout le quai sert.", "language": "fr"})
    saved = Reservation.objects.get()
    assert (saved.kind, saved.text, saved.language, saved.by) == ("reservation", "Tout le quai sert.", "fr", focal)
    assert "Tout le quai sert." in read(project, focal)


@pytest.mark.parametrize(
    ("posted", "field"),
    [({"kind": "reservation", "text": " "}, "text"), ({"kind": "", "text": "Typed and kept"}, "kind")],
)
def test_a_response_without_its_words_is_not_saved(project, focal, posted, field):
    release(project)
    response = signed_in(focal).post(url("respond", project, "A.1-1"), {**posted, "language": "en"})
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    assert posted["text"].strip() in response.content.decode()
    assert not Reservation.objects.exists()


def test_before_the_release_there_is_nothing_to_respond_to(project, focal):
    client = signed_in(focal)
    assert client.get(url("respond", project, "A.1-1")).status_code == 404
    assert client.post(url("respond", project, "A.1-1"), {"kind": "acknowledged"}).status_code == 404


@pytest.mark.parametrize("role", ["contributor", "expert", "observer"])
def test_only_the_coordinator_and_the_signatory_respond(project, role):
    release(project)
    assert signed_in(member(project, role)).get(url("respond", project, "A.1-1")).status_code == 403
    assert signed_in(member(project, "signatory")).get(url("respond", project, "A.1-1")).status_code == 200


def test_where_the_levels_agree_there_is_nothing_to_respond_to(project, focal):
    release(project)
    client = signed_in(focal)
    assert client.get(url("respond", project, "B.1-1")).status_code == 302
    assert client.post(url("respond", project, "B.1-1"), {"kind": "acknowledged", "language": "en"}).status_code == 302
    assert client.get(url("respond", project, "X-1")).status_code == 404
    assert not Reservation.objects.exists()


def test_nobody_responds_in_a_closed_project(project, focal):
    release(project)
    project.move(ProjectStatus.CLOSED)
    response = signed_in(focal).post(url("respond", project, "A.1-1"), {"kind": "acknowledged", "language": "en"})
    assert response.status_code == 302
    assert not Reservation.objects.exists()


def test_bars_reach_to_the_highest_level_of_the_framework(project):
    found = read_findings(project, staff())
    harbour = next(entry for entry in found.levers if entry.lever.code == "B.1")
    assert (found.validated.highest, harbour.validated.value, harbour.validated.per_cent) == (4, 4, "100.0%")
    assert {mark.highest for entry in found.pillars for mark in (entry.claimed, entry.validated)} == {4}


def test_level_claimed_in_confidence_is_withheld_from_other_institutions():
    project = opened_project()
    regulator = member(project, Role.CONTRIBUTOR, institution=Institution.REGULATOR)
    answer(project, "A.1-1", 3, by=regulator, institution="regulator", is_confidential=True)
    submit(project)
    decide(project, "A.1-1", 2, reason="The text is a draft.")
    release(project)
    coordinator = member(project, Role.COORDINATOR)

    def claimed(person):
        lever = read_findings(project, person).levers[0]
        return lever.criteria[0].claim_left_out, lever.criteria[0].answer is None, lever.claimed.sum

    assert claimed(coordinator) == ("confidential", True, "a confidential answer is part of it → 3.0")
    for person in (regulator, member(project, Role.EXPERT), staff()):
        assert claimed(person) == ("", False, "3 ÷ 1 = 3 → 3.0")
    page = signed_in(coordinator).get(url("respond", project, "A.1-1")).content.decode()
    assert "confidential" in page

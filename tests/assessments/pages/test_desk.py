"""The experts' pages as a browser meets them: list, desk, observations, recommendations, strategy, sources."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from assessments.models import (
    AnswerStatus,
    Basis,
    Observation,
    Recommendation,
    Source,
    StrategyAim,
    StrategyReview,
    ValidatedLevel,
)
from projects.permissions import Role
from tests.clients import signed_in
from tests.factories.accounts import UserFactory
from tests.factories.assessments import (
    EvidenceFactory,
    ObservationFactory,
    RecommendationFactory,
    SourceFactory,
    StrategyAimFactory,
    StrategyReviewFactory,
    answer,
    checklist,
    decide,
    national_sheet,
    opened_project,
    question,
    release,
    submit,
)
from tests.factories.projects import member, staff
from tests.factories.toolkit import dre
from toolkit.models import Lever

pytestmark = pytest.mark.django_db
NOT_APPLICABLE = {"status": AnswerStatus.NOT_APPLICABLE, "reason": "There is no harbour office."}


@pytest.fixture
def project():
    """A signed questionnaire of the small framework: levels 3 and "not applicable", two criteria blank."""
    project = opened_project()
    answer(project, "A.1-1", 3, note="Since May")
    answer(project, "A.2-1", **NOT_APPLICABLE)
    submit(project)
    return project


@pytest.fixture
def expert(project):
    return member(project, "expert")


@pytest.fixture
def client(expert):
    return signed_in(expert)


def url(name, project, *more):
    return reverse(f"assessments:{name}", args=[project.public_id, *more])


def text(response):
    return response.content.decode()


# ── Who may do what ──────────────────────────────────────────────────────────


def pages(project):
    """Every address of the experts' pages: (name, its arguments, whether it reads, whether it writes)."""
    observation, recommendation = ObservationFactory(project=project), RecommendationFactory(project=project)
    aim, source = StrategyAimFactory(project=project), SourceFactory(project=project)
    return [
        ("validation", [], True, False),
        ("validate", ["A.1-1"], True, True),
        ("observation_add", ["A.1"], True, True),
        ("observation_edit", [observation.public_id], True, True),
        ("observation_remove", [observation.public_id], False, True),
        ("recommendation_add", ["A.1"], True, True),
        ("recommendation_adopt", ["A.1", 1], True, True),
        ("recommendation_edit", [recommendation.public_id], True, True),
        ("recommendation_remove", [recommendation.public_id], False, True),
        ("strategy", [], True, True),
        ("aim_add", [], True, True),
        ("aim_edit", [aim.public_id], True, True),
        ("aim_remove", [aim.public_id], False, True),
        ("source_add", [], True, True),
        ("source_remove", [source.public_id], False, True),
    ]


def test_the_experts_and_the_bureau_open_every_page(project, client):
    for name, more, reads, _writes in pages(project):
        if reads:
            assert client.get(url(name, project, *more)).status_code == 200, name
            assert signed_in(staff()).get(url(name, project, *more)).status_code == 200, name


@pytest.mark.parametrize("role", [Role.COORDINATOR, "contributor", "signatory", "observer"])
def test_national_members_and_observers_may_not(project, role):
    client = signed_in(member(project, role))
    for name, more, reads, writes in pages(project):
        if reads:
            assert client.get(url(name, project, *more)).status_code == 403, name
        if writes:
            assert client.post(url(name, project, *more)).status_code == 403, name


def test_a_stranger_finds_nothing(project):
    stranger, elsewhere = signed_in(UserFactory()), signed_in(member(opened_project(), "expert"))
    for name, more, reads, writes in pages(project):
        for client in (stranger, elsewhere):
            if reads:
                assert client.get(url(name, project, *more)).status_code == 404, name
            if writes:
                assert client.post(url(name, project, *more)).status_code == 404, name


def test_wrong_methods_are_refused(project, client):
    for name, more, reads, writes in pages(project):
        if not reads:
            assert client.get(url(name, project, *more)).status_code == 405, name
        if not writes:
            assert client.post(url(name, project, *more)).status_code == 405, name


def test_what_belongs_to_another_project_is_not_found(project, client):
    other = opened_project()
    foreign = {name: more for name, more, _reads, _writes in pages(other)}
    for name in ("observation_edit", "recommendation_edit", "aim_edit"):
        assert client.get(url(name, project, *foreign[name])).status_code == 404, name
    for name in ("observation_remove", "recommendation_remove", "aim_remove", "source_remove"):
        assert client.post(url(name, project, *foreign[name])).status_code == 404, name
    for name, more in (
        ("validate", ["X-9"]),
        ("validate", ["G-1"]),  # a fact is not validated
        ("observation_add", ["X"]),
        ("recommendation_adopt", ["A.1", 9]),
    ):
        assert client.get(url(name, project, *more)).status_code == 404, (name, more)


def test_the_bureau_reads_the_desk_without_deciding(project):
    manager = signed_in(staff())
    assert "Only the experts of this project set levels." in text(manager.get(url("validate", project, "A.1-1")))
    assert manager.post(url("validate", project, "A.1-1"), {"verdict": "3", "basis": "seen"}).status_code == 403


# ── The list ─────────────────────────────────────────────────────────────────


def test_the_list_shows_what_is_left_and_filters_it(project, client):
    decide(project, "A.1-1", 2, reason="Half of the quay")
    page = client.get(url("validation", project))
    assert page.context["desk"].settled == 1
    assert [entry["count"] for entry in page.context["filters"]] == [3, 1, 1, 4]
    assert page.context["following"].code == "A.1-2"

    def shown(name):
        sections = client.get(url("validation", project), {"show": name}).context["sections"]
        return [entry.code for _part, entries in sections for entry in entries]

    assert shown("todo") == ["A.1-2", "A.2-1", "B.1-1"]
    assert shown("differing") == ["A.1-1"]
    assert shown("not_applicable") == ["A.2-1"]
    assert shown("all") == shown("nonsense") == ["A.1-1", "A.1-2", "A.2-1", "B.1-1"]


def test_before_the_signature_the_pages_say_what_is_awaited():
    project = opened_project()
    answer(project, "A.1-1", 3)
    client = signed_in(member(project, "expert"))
    assert "The national team is answering" in text(client.get(url("validation", project)))
    desk = client.get(url("validate", project, "A.1-1"))
    assert "Levels can be set once the signatory has signed" in text(desk)
    assert not desk.context["can_validate"]

    refused = client.post(url("validate", project, "A.1-1"), {"verdict": "3", "basis": "seen", "language": "en"})
    assert refused.status_code == 302
    assert not ValidatedLevel.objects.exists()


def test_the_list_takes_as_many_queries_for_many_decisions_as_for_one(project, client):
    decide(project, "A.1-1", 3)
    page = url("validation", project)
    client.get(page)
    with CaptureQueriesContext(connection) as one:
        client.get(page)
    decide(project, "A.1-2", 2)
    decide(project, "B.1-1", 2)
    EvidenceFactory.create_batch(3, sheet=national_sheet(project), use__question=question(project, "B.1-1"))
    with CaptureQueriesContext(connection) as many:
        client.get(page)
    assert len(many) == len(one) <= 30


# ── The desk ─────────────────────────────────────────────────────────────────


def test_the_desk_shows_answer_evidence_descriptors_and_facts(project, expert, client):
    sheet = national_sheet(project)
    piece = EvidenceFactory(
        sheet=sheet, use__question=question(project, "A.1-1"), as_file=True, title="Plan", is_confidential=True
    )
    page = text(client.get(url("validate", project, "A.1-1")))
    assert "Since May" in page
    assert (
        reverse("assessments:evidence_file", args=[project.public_id, sheet.instrument.code, piece.public_id]) in page
    )
    assert "confidential" in page
    for option in question(project, "A.1-1").options.all():
        assert option.text["en"] in page
    assert "The country’s answer" in page


def test_a_decision_is_saved_and_leads_to_the_next(project, expert, client):
    response = client.post(
        url("validate", project, "A.1-1"),
        {
            "verdict": "2",
            "basis": "seen",
            "reason": "La moitié",
            "private_note": "Revoir mercredi",
            "language": "fr",
        },
    )
    assert response.status_code == 302
    assert response.url == url("validate", project, "A.1-2")
    saved = ValidatedLevel.objects.get()
    assert (saved.level, saved.basis, saved.reason, saved.private_note, saved.language, saved.saved_by) == (
        2, Basis.SEEN, "La moitié", "Revoir mercredi", "fr", expert,
    )  # fmt: skip


def test_the_next_one_stays_within_the_filter(project, client):
    decision = {"verdict": "1", "basis": "seen", "language": "en"}
    response = client.post(url("validate", project, "B.1-1") + "?show=todo", decision)
    assert response.url == url("validate", project, "A.1-1") + "?show=todo"
    response = client.post(
        url("validate", project, "A.2-1") + "?show=not_applicable", {"verdict": "accept", "language": "en"}
    )
    assert response.url == url("validation", project)


@pytest.mark.parametrize(
    ("code", "posted", "field"),
    [
        ("A.1-1", {"verdict": "3"}, "basis"),
        ("A.1-1", {"verdict": "2", "basis": "seen"}, "reason"),
        ("A.1-1", {"verdict": "9", "basis": "seen"}, "verdict"),
        ("A.1-1", {"verdict": "accept"}, "verdict"),  # the country did not say that it does not apply
        ("A.1-1", {"verdict": ""}, "verdict"),
        ("A.2-1", {"verdict": "refuse"}, "reason"),
        ("A.2-1", {"verdict": "2", "basis": "seen"}, "reason"),
        ("A.1-1", {"verdict": "3", "basis": "rumour"}, "basis"),
        ("A.1-1", {"verdict": "3", "basis": "seen", "language": "xx"}, "language"),
        ("A.1-1", {"verdict": "2", "basis": "seen", "reason": "a\x00b"}, "reason"),
        ("A.1-1", {"verdict": "2", "basis": "seen", "reason": "a" * 1_000_000}, "reason"),
    ],
)
def test_what_is_missing_is_said_and_what_was_typed_stays(project, client, code, posted, field):
    typed = {"private_note": "Typed and kept", "language": "en"} if posted.get("verdict") else {"language": "en"}
    response = client.post(url("validate", project, code), {**typed, **posted})
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    if "private_note" in typed:
        assert "Typed and kept" in text(response)
    assert not ValidatedLevel.objects.exists()


def test_not_applicable_is_accepted_or_refused(project, client):
    client.post(url("validate", project, "A.2-1"), {"verdict": "accept", "language": "en"})
    assert ValidatedLevel.objects.get().accepts_not_applicable is True

    posted = {"verdict": "1", "basis": "interview", "reason": "The office opened in May", "language": "en"}
    client.post(url("validate", project, "A.2-1"), posted)
    saved = ValidatedLevel.objects.get()
    assert (saved.level, saved.accepts_not_applicable) == (1, False)


def test_a_note_between_experts_needs_no_level(project, client):
    client.post(url("validate", project, "A.1-1"), {"verdict": "", "private_note": "Ask the pilot", "language": "en"})
    saved = ValidatedLevel.objects.get()
    assert (saved.level, saved.private_note) == (None, "Ask the pilot")
    assert "Ask the pilot" in text(client.get(url("validate", project, "A.1-1")))


def test_after_the_release_levels_are_frozen(project, client):
    decide(project, "A.1-1", 3)
    release(project)
    assert "can no longer be changed" in text(client.get(url("validate", project, "A.1-1")))
    response = client.post(
        url("validate", project, "A.1-1"),
        {"verdict": "4", "basis": "seen", "reason": "Late", "language": "en"},
        follow=True,
        headers={"referer": "http://testserver" + url("validation", project)},
    )
    assert "can no longer be changed" in text(response)
    assert ValidatedLevel.objects.get().level == 3


def test_the_desk_of_the_real_framework_opens():
    project = opened_project(framework=dre())
    answer(project, "P2.1-1", 4)
    submit(project)
    response = signed_in(member(project, "expert")).get(url("validate", project, "P2.1-1"))
    assert response.status_code == 200
    codes = [entry.code for entry in response.context["queue"]]
    assert len(codes) == 11
    assert codes[5] == "P2.1-1"


# ── Observations ─────────────────────────────────────────────────────────────


def test_an_observation_is_written_from_the_desk(project, expert, client):
    address = url("observation_add", project, "A.1") + "?question=A.1-1"
    assert client.get(address).context["form"]["question"].value() == "A.1-1"
    posted = {"kind": "risk", "question": "A.1-1", "text": "The quay silts up.", "language": "en"}
    response = client.post(address, posted)
    assert response.url == url("validate", project, "A.1-1")
    saved = Observation.objects.get()
    assert (saved.kind, saved.question.code, saved.lever.code, saved.text, saved.by) == (
        "risk", "A.1-1", "A.1", "The quay silts up.", expert,
    )  # fmt: skip
    assert client.get(url("observation_add", project, "A.1") + "?question=B.1-1").status_code == 404


def test_an_observation_is_edited_and_removed(project, client):
    observation = ObservationFactory(project=project)
    edit = url("observation_edit", project, observation.public_id)
    assert observation.text in text(client.get(edit))
    changed = {"kind": "strength", "question": "", "text": "The quay is dredged.", "language": "en"}
    client.post(edit, {**changed, "seen_at": client.get(edit).context["form"]["seen_at"].value()})
    observation.refresh_from_db()
    assert (observation.kind, observation.text) == ("strength", "The quay is dredged.")
    response = client.post(url("observation_remove", project, observation.public_id))
    assert response.url == url("findings", project) + "#lever-A.1"
    assert not Observation.objects.exists()


def test_an_observation_without_text_keeps_what_was_chosen(project, client):
    response = client.post(
        url("observation_add", project, "A.1"), {"kind": "risk", "question": "A.1-2", "language": "fr"}
    )
    assert response.status_code == 422
    form = response.context["form"]
    assert (list(form.errors), form["kind"].value(), form["question"].value()) == (["text"], "risk", "A.1-2")


# ── Recommendations ──────────────────────────────────────────────────────────

POSTED = {
    "text": "Dredge the north quay.", "priority": "high", "horizon": "short", "owner": "post", "language": "en",
    "owner_detail": "Harbour office", "resources": "Two boats", "tool": "A.1-T1", "tags": ["improvement"],
}  # fmt: skip


def test_a_recommendation_is_written_and_edited(project, client):
    first = RecommendationFactory(project=project)
    response = client.post(url("recommendation_add", project, "A.1"), {**POSTED, "needs": [str(first.public_id)]})
    assert response.url == url("findings", project) + "#lever-A.1"
    saved = Recommendation.objects.get(number=2)
    assert (saved.text, saved.tool.code, saved.tags, list(saved.needs.all())) == (
        "Dredge the north quay.", "A.1-T1", ["improvement"], [first],
    )  # fmt: skip

    edit = url("recommendation_edit", project, saved.public_id)
    shown = client.get(edit).context["form"]
    assert (shown["text"].value(), shown["needs"].value()) == ("Dredge the north quay.", [str(first.public_id)])
    client.post(edit, {**POSTED, "priority": "low"})
    saved.refresh_from_db()
    assert (saved.priority, list(saved.needs.all())) == ("low", [])


def test_a_suggestion_is_adopted_in_the_language_of_the_project(project, client):
    lever = Lever.objects.get(pillar__framework=project.framework, code="A.1")
    guidance = lever.guidance.get(from_level=1)
    address = url("recommendation_adopt", project, "A.1", 1)
    shown = client.get(address).context["form"]
    assert (shown["text"].value(), shown["language"].value(), shown["owner"].value(), shown["tool"].value()) == (
        guidance.text["fr"], "fr", guidance.who, "A.1-T1",
    )  # fmt: skip
    client.post(address, {**POSTED, "text": guidance.text["fr"], "language": "fr"})
    saved = Recommendation.objects.get()
    assert (saved.guidance, saved.text, saved.language) == (guidance, guidance.text["fr"], "fr")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"text": ""}, "text"),
        ({"priority": "urgent"}, "priority"),
        ({"tool": "B.1-T1"}, "tool"),
        ({"tags": ["nonsense"]}, "tags"),
        ({"owner_detail": "x" * 151}, "owner_detail"),
    ],
)
def test_a_wrong_recommendation_keeps_what_was_typed(project, client, change, field):
    response = client.post(url("recommendation_add", project, "A.1"), {**POSTED, **change})
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    assert "Two boats" in text(response)
    assert not Recommendation.objects.exists()


def test_a_removed_recommendation_is_no_longer_found(project, client):
    recommendation = RecommendationFactory(project=project)
    client.post(url("recommendation_remove", project, recommendation.public_id))
    assert client.get(url("recommendation_edit", project, recommendation.public_id)).status_code == 404
    assert Recommendation.objects.get().removed_by is not None


def test_nothing_is_written_after_the_release(project, client):
    before = {name: more for name, more, _reads, _writes in pages(project)}
    release(project)
    counts = [model.objects.count() for model in (Observation, Recommendation, StrategyAim, Source)]
    for name, more in before.items():
        if name not in {"validation", "validate", "strategy"}:
            refused = client.post(url(name, project, *more), POSTED)
            assert (refused.status_code, refused.context["typed"]) == (
                409, ["Dredge the north quay.", "Harbour office", "Two boats"],
            ), name  # fmt: skip
            assert client.get(url(name, project, *more)).status_code in {302, 405}, name
    assert client.post(url("strategy", project), {"has_text": "no", "language": "en"}).status_code == 302
    assert [model.objects.count() for model in (Observation, Recommendation, StrategyAim, Source)] == counts
    assert not StrategyReview.objects.exists()
    assert Recommendation.objects.kept().count() == 1


# ── Strategy and sources ─────────────────────────────────────────────────────


def test_the_outline_proposed_is_the_domains_in_the_writers_language(project, client):
    proposed = client.get(url("strategy", project)).context["form"]["outline"].value()
    domains = checklist(project).instrument.sections.order_by("position")
    assert proposed.split("\n") == [domain.name["en"] for domain in domains]


def test_the_review_is_saved(project, expert, client):
    posted = {
        "has_text": "yes", "title": "Cap 2029", "dated_on": "2025-03-14", "status": "Approved",
        "findings": "No figures.", "conclusion": "revise", "outline": "Vision", "language": "en",
    }  # fmt: skip
    assert client.post(url("strategy", project), posted).status_code == 302
    saved = StrategyReview.objects.get()
    assert (saved.has_text, saved.title, saved.conclusion, saved.saved_by) == (True, "Cap 2029", "revise", expert)
    assert client.get(url("strategy", project)).context["form"]["title"].value() == "Cap 2029"


@pytest.mark.parametrize(
    ("posted", "field"),
    [
        ({"has_text": "yes"}, "title"),
        ({"has_text": "no", "conclusion": "maintain"}, "conclusion"),
        ({"dated_on": "someday"}, "dated_on"),
        ({"conclusion": "burn"}, "conclusion"),
    ],
)
def test_a_wrong_review_keeps_what_was_typed(project, client, posted, field):
    response = client.post(url("strategy", project), {"findings": "Typed and kept", "language": "en", **posted})
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    assert "Typed and kept" in text(response)
    assert not StrategyReview.objects.exists()


def test_a_released_strategy_is_read(project, client):
    StrategyReviewFactory(project=project)
    StrategyAimFactory(project=project)
    SourceFactory(project=project)
    answer(project, "D1-1", 3)
    release(project)
    page = text(client.get(url("strategy", project)))
    assert "Stratégie numérique 2025–2029" in page
    assert "Save the review" not in page


def test_aims_and_sources_are_added_and_removed(project, client):
    client.post(url("aim_add", project), {"national_aim": "Half online", "postal_aim": "", "gap": "", "language": "en"})
    aim = StrategyAim.objects.get()
    client.post(url("aim_edit", project, aim.public_id), {"national_aim": "All online", "language": "en"})
    client.post(url("source_add", project), {"kind": "person", "title": "Ana Sol, head of IT", "language": "en"})
    page = text(client.get(url("strategy", project)))
    assert "All online" in page
    assert "Ana Sol, head of IT" in page
    client.post(url("aim_remove", project, aim.public_id))
    client.post(url("source_remove", project, Source.objects.get().public_id))
    assert not StrategyAim.objects.exists()
    assert not Source.objects.exists()


def test_aims_and_sources_without_their_words_are_not_saved(project, client):
    wrong_aim = client.post(url("aim_add", project), {"postal_aim": "Typed and kept", "language": "en"})
    wrong_source = client.post(
        url("source_add", project), {"kind": "person", "detail": "Typed and kept", "language": "en"}
    )
    for response in (wrong_aim, wrong_source):
        assert response.status_code == 422
        assert "Typed and kept" in text(response)
    assert not StrategyAim.objects.exists()
    assert not Source.objects.exists()

"""Two experts at the same form: the page comes back with both texts, and saving again replaces the other's."""

import datetime
from html import escape

import pytest
from django.urls import reverse
from django.utils import formats, timezone

from assessments.models import Observation, StrategyAim, StrategyReview
from projects.models import ProjectEvent
from projects.permissions import Role
from tests.clients import signed_in
from tests.factories.assessments import (
    ObservationFactory,
    RecommendationFactory,
    StrategyAimFactory,
    StrategyReviewFactory,
    answer,
    decide,
    opened_project,
    release,
    submit,
)
from tests.factories.projects import member

pytestmark = pytest.mark.django_db
RECOMMENDATION = {"priority": "high", "horizon": "short", "owner": "ministry", "language": "en"}
FORMS = {  # name → what makes the row, the field of its text, and what else one posts
    "observation_edit": (ObservationFactory, "text", {"kind": "gap", "question": "", "language": "en"}),
    "recommendation_edit": (RecommendationFactory, "text", RECOMMENDATION),
    "aim_edit": (StrategyAimFactory, "gap", {"national_aim": "Half online", "postal_aim": "", "language": "en"}),
    "strategy": (StrategyReviewFactory, "findings", {"has_text": "no", "conclusion": "draw_up", "language": "en"}),
    "validate": (None, "reason", {"verdict": "2", "basis": "seen", "private_note": "", "language": "en"}),
}


@pytest.fixture
def project():
    project = opened_project()
    answer(project, "A.1-1", 3)
    submit(project)
    return project


@pytest.fixture
def ana(project):
    return signed_in(member(project, "expert"))


@pytest.fixture
def ben(project):
    return member(project, "expert")


@pytest.fixture(params=sorted(FORMS))
def form(request, project):
    """The form's address, the field of its text, what else is posted."""
    make, field, posted = FORMS[request.param]
    if make is None:
        decide(project, "A.1-1", 2, reason="At first")
        return url("validate", project, "A.1-1"), field, posted
    row = make(project=project)
    return url(request.param, project, *([row.public_id] if hasattr(row, "public_id") else [])), field, posted


def url(name, project, *more):
    return reverse(f"assessments:{name}", args=[project.public_id, *more])


def text(response):
    return response.content.decode()


def carried(response):
    """The hidden fields of the form of this page."""
    shown = response.context["form"]
    return {name: shown[name].value() or "" for name in ("seen_at", "replaces")}


def history(project, user):
    return text(signed_in(user).get(reverse("projects:history", args=[project.public_id])))


def test_both_texts_are_shown_and_saving_again_replaces(project, form, ana, ben):
    address, field, posted = form
    opened = carried(ana.get(address))
    saved = signed_in(ben).post(address, {**posted, **opened, field: "Ben’s words"})
    assert saved.status_code == 302

    refused = ana.post(address, {**posted, **opened, field: "Ana’s words"})
    assert refused.status_code == 422
    page = text(refused)
    (other,) = refused.context["form"].meanwhile
    assert (other.by, [(each.theirs, each.yours) for each in other.differences]) == (
        ben, [("Ben’s words", "Ana’s words")],
    )  # fmt: skip
    assert refused.context["form"][field].value() == "Ana’s words"
    when = formats.date_format(timezone.localtime(other.at), "DATETIME_FORMAT")
    assert escape(f"{ben.name}, {when}") in page
    assert "Saving again replaces theirs with yours" in page
    assert (page.count('id="errors"'), page.count("Ben’s words")) == (1, 1)

    assert ana.post(address, {**posted, **carried(refused), field: "Ana’s words"}).status_code == 302
    assert ana.get(address).context["form"][field].value() == "Ana’s words"
    assert "Ben’s words" in history(project, ben)


def test_what_was_replaced_never_reaches_the_country(project, form, ana, ben):
    address, field, posted = form
    opened = carried(ana.get(address))
    signed_in(ben).post(address, {**posted, **opened, field: "Ben’s words"})
    refused = ana.post(address, {**posted, **opened, field: "Ana’s words"})
    ana.post(address, {**posted, **carried(refused), field: "Ana’s words"})
    coordinator = member(project, Role.COORDINATOR)
    assert "Ben’s words" not in history(project, coordinator)
    release(project)
    assert "Ben’s words" not in history(project, coordinator)
    assert "Ben’s words" in history(project, ben)


def test_the_time_is_in_the_readers_zone_and_notation(project, ben):
    row = ObservationFactory(project=project, by=ben, text="Le quai", language="fr")
    Observation.objects.update(at=datetime.datetime(2026, 6, 1, 22, 30, tzinfo=datetime.UTC))
    ana = member(project, "expert")
    ana.language, ana.time_zone = "fr", "Africa/Nairobi"
    ana.save()
    posted = {
        "kind": "gap",
        "question": "",
        "text": "Un quai",
        "language": "fr",
        "seen_at": "2026-05-01T00:00:00+00:00",
    }
    page = text(signed_in(ana).post(url("observation_edit", project, row.public_id), posted))
    assert "2 juin 2026" in page.replace("\xa0", " ")
    assert "votre version remplace l’autre" in page


def test_the_same_words_and_the_same_person_are_no_conflict(form, ana, ben):
    address, field, posted = form
    opened = carried(ana.get(address))
    for client, words in ((signed_in(ben), "Ben’s"), (ana, "Ben’s"), (signed_in(ben), "Ben’s, mended")):
        assert client.post(address, {**posted, **opened, field: words}).status_code == 302
    assert not ProjectEvent.objects.filter(kind__endswith="_replaced").exists()


def test_what_is_wrong_is_said_before_what_someone_else_saved(form, ana, ben):
    """The form then still carries what its author had seen, so that the conflict is not passed over."""
    address, field, posted = form
    opened = carried(ana.get(address))
    signed_in(ben).post(address, {**posted, **opened, field: "Ben’s words"})
    wrong = ana.post(address, {**posted, **opened, field: "Ana’s words", "language": "xx"})
    assert (wrong.status_code, wrong.context["form"].meanwhile, carried(wrong)["seen_at"]) == (
        422, [], opened["seen_at"],
    )  # fmt: skip
    assert ana.post(address, {**posted, **carried(wrong), field: "Ana’s words"}).status_code == 422


def test_choices_dates_and_levels_are_told_in_words(project, ana, ben):
    decide(project, "A.1-1", 2, by=ben, basis="interview", reason="Half of it", private_note="Ask the pilot")
    posted = {"verdict": "", "private_note": "Ask the pilot", "language": "en"}
    (other,) = ana.post(url("validate", project, "A.1-1"), posted).context["form"].meanwhile
    assert [(each.label, each.theirs, each.yours) for each in other.differences] == [
        ("Validated level", "2", "Not decided yet"),
        ("Your own basis", "An interview", ""),
        ("Reason for the difference", "Half of it", ""),
    ]
    StrategyReviewFactory(project=project, saved_by=ben, language="en")
    posted = {"has_text": "yes", "title": "Cap 2030", "dated_on": "2025-03-15", "language": "en"}
    (other,) = ana.post(url("strategy", project), posted).context["form"].meanwhile
    assert [(each.label, each.theirs, each.yours) for each in other.differences][:2] == [
        ("Its title", "Stratégie numérique 2025–2029", "Cap 2030"),
        ("Its date", "14\xa0March 2025", "15\xa0March 2025"),
    ]
    assert StrategyReview.objects.get().title == "Stratégie numérique 2025–2029"


def test_the_page_of_a_conflict_asks_little_of_the_database(form, ana, ben, django_assert_max_num_queries):
    address, field, posted = form
    opened = carried(ana.get(address))
    signed_in(ben).post(address, {**posted, **opened, field: "Ben’s words"})
    with django_assert_max_num_queries(30):
        assert ana.post(address, {**posted, **opened, field: "Ana’s words"}).status_code == 422


def test_what_was_typed_over_a_removed_row_can_be_copied(project, ana):
    row = StrategyAimFactory(project=project)
    address = url("aim_edit", project, row.public_id)
    StrategyAim.objects.all().delete()
    response = ana.post(address, {"national_aim": "All online by 2030", "gap": "Aucun délai fixé", "language": "en"})
    assert (response.status_code, response.context["typed"]) == (404, ["All online by 2030", "Aucun délai fixé"])
    assert "Aucun délai fixé</textarea>" in text(response)

"""Two people at the same text: nobody writes over a colleague's unread, and what is replaced stays in the history."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from assessments.actions.observations import edit_observation, remove_observation
from assessments.actions.recommendations import Advice, edit_recommendation
from assessments.actions.strategy import Review, edit_aim, save_review
from assessments.actions.validation import Decision, record_decision
from assessments.actions.writing import Seen, WrittenMeanwhile, stamp
from assessments.models import Observation, StrategyReview
from projects.events import BETWEEN_EXPERTS
from projects.models import MoveNotAllowed, Project, ProjectEvent
from tests.factories.assessments import (
    ObservationFactory,
    RecommendationFactory,
    StrategyAimFactory,
    StrategyReviewFactory,
    answer,
    decide,
    national_sheet,
    question,
    submit,
)
from tests.factories.projects import member


@dataclass
class Shared:
    """A row of some kind, how a person saves a text in it, what it says, and who saved it when."""

    save: Callable[[str, Any, Seen | None], Any]
    text: Callable[[], str]
    saved: Callable[[], tuple[Any, Any]]


def an_observation(project: Project) -> Shared:
    row = ObservationFactory(project=project, text="At first")

    def save(text, by, seen):
        edit_observation(row, question=None, kind="gap", text=text, by=by, language="en", seen=seen)

    def read():
        row.refresh_from_db()
        return row

    return Shared(save, lambda: read().text, lambda: (read().by, read().at))


def a_recommendation(project: Project) -> Shared:
    row = RecommendationFactory(project=project, text="At first")
    advice = Advice(text="", language="en", priority="high", horizon="short", owner="ministry")

    def save(text, by, seen):
        edit_recommendation(row, advice=replace(advice, text=text), needs=[], by=by, seen=seen)

    def read():
        row.refresh_from_db()
        return row

    return Shared(save, lambda: read().text, lambda: (read().saved_by, read().saved_at))


def a_review(project: Project) -> Shared:
    row = StrategyReviewFactory(project=project, without_text=True, findings="At first", language="en")

    def save(text, by, seen):
        save_review(
            project, Review(has_text=False, language="en", conclusion="draw_up", findings=text), by=by, seen=seen
        )

    def read():
        row.refresh_from_db()
        return row

    return Shared(save, lambda: read().findings, lambda: (read().saved_by, read().saved_at))


def an_aim(project: Project) -> Shared:
    row = StrategyAimFactory(project=project, national_aim="At first", postal_aim="", gap="")

    def save(text, by, seen):
        edit_aim(row, national_aim=text, postal_aim="", gap="", by=by, language="en", seen=seen)

    def read():
        row.refresh_from_db()
        return row

    return Shared(save, lambda: read().national_aim, lambda: (read().saved_by, read().saved_at))


def a_decision(project: Project) -> Shared:
    answer(project, "A.1-1", 3)
    submit(project)
    row = decide(project, "A.1-1", 2, reason="At first")

    def save(text, by, seen):
        decision = Decision(level=2, basis="seen", reason=text)
        record_decision(national_sheet(project), question(project, "A.1-1"), decision, by=by, language="en", seen=seen)

    def read():
        row.refresh_from_db()
        return row

    return Shared(save, lambda: read().reason, lambda: (read().saved_by, read().saved_at))


KINDS = {
    "observation_replaced": an_observation,
    "recommendation_replaced": a_recommendation,
    "review_replaced": a_review,
    "aim_replaced": an_aim,
    "decision_replaced": a_decision,
}


@pytest.fixture(params=sorted(KINDS))
def kind(request):
    return request.param


@pytest.fixture
def shared(kind, project):
    return KINDS[kind](project)


@pytest.fixture
def ana(project):
    return member(project, "expert")


@pytest.fixture
def ben(project):
    return member(project, "expert")


def replaced() -> list[ProjectEvent]:
    return list(ProjectEvent.objects.filter(kind__in=BETWEEN_EXPERTS).order_by("pk"))


def test_what_a_colleague_saved_meanwhile_is_not_overwritten_unread(shared, ana, ben):
    seen = Seen(stamp(shared.saved()[1]))
    shared.save("Ben’s", ben, seen)
    with pytest.raises(WrittenMeanwhile) as refused:
        shared.save("Ana’s", ana, seen)
    (standing,) = refused.value.standing
    assert (shared.text(), standing.by, stamp(standing.at)) == ("Ben’s", ben, stamp(shared.saved()[1]))
    assert replaced() == []


def test_saving_again_replaces_it_and_the_history_keeps_it(shared, kind, ana, ben):
    seen = Seen(stamp(shared.saved()[1]))
    shared.save("Ben’s", ben, seen)
    shared.save("Ana’s", ana, Seen(stamp(shared.saved()[1]), is_replacing=True))
    assert (shared.text(), shared.saved()[0]) == ("Ana’s", ana)
    (event,) = replaced()
    assert (event.kind, event.by, event.for_findings) == (kind, ana, True)
    assert (event.about["name"], event.about["text"], event.about["text_language"]) == (ben.name, "Ben’s", "en")


def test_what_was_shown_a_third_person_has_changed_again_is_refused_again(shared, ana, ben):
    shown = Seen(stamp(shared.saved()[1]), is_replacing=True)
    shared.save("Ben’s", ben, Seen(shown.at))
    with pytest.raises(WrittenMeanwhile):
        shared.save("Ana’s", ana, shown)
    assert (shared.text(), replaced()) == ("Ben’s", [])


def test_an_ordinary_edit_of_what_was_read_is_no_conflict(shared, ana):
    shared.save("Ana’s", ana, Seen(stamp(shared.saved()[1])))
    assert (shared.text(), replaced()) == ("Ana’s", [])


def test_the_same_person_sends_again_without_conflict(shared, ana):
    seen = Seen(stamp(shared.saved()[1]))
    for text in ("Ana’s", "Ana’s", "Ana’s, mended"):
        shared.save(text, ana, seen)
    assert (shared.text(), replaced()) == ("Ana’s, mended", [])


def test_the_same_content_is_no_conflict_and_stays_its_authors(shared, ana, ben):
    seen = Seen(stamp(shared.saved()[1]))
    shared.save("The same\nfor both", ben, seen)
    saved = shared.saved()
    shared.save("The same\r\nfor both", ana, seen)
    assert (shared.saved(), saved[0], replaced()) == (saved, ben, [])


def test_a_form_that_says_nothing_of_what_it_saw_overwrites_nobody(shared, ana):
    with pytest.raises(WrittenMeanwhile):
        shared.save("Ana’s", ana, Seen())
    assert shared.text() == "At first"


def test_a_first_review_that_two_people_write_is_not_overwritten(project, ana, ben):
    review = Review(has_text=False, language="en", findings="Ben’s")
    save_review(project, review, by=ben, seen=Seen())
    with pytest.raises(WrittenMeanwhile):
        save_review(project, replace(review, findings="Ana’s"), by=ana, seen=Seen())
    assert StrategyReview.objects.get().findings == "Ben’s"


def test_recommendations_that_differ_only_in_what_must_come_before_differ(project, ana, ben):
    first, row = RecommendationFactory.create_batch(2, project=project)
    seen = Seen(stamp(row.saved_at))
    advice = Advice(text=row.text, language="en", priority="high", horizon="short", owner="ministry")
    edit_recommendation(row, advice=advice, needs=[first], by=ben, seen=seen)
    with pytest.raises(WrittenMeanwhile):
        edit_recommendation(row, advice=advice, needs=[], by=ana, seen=seen)
    assert list(row.needs.all()) == [first]


def test_a_removed_observation_is_not_edited(project, ana):
    row = ObservationFactory(project=project)
    remove_observation(row, by=project.manager)
    with pytest.raises(MoveNotAllowed, match="removed meanwhile"):
        edit_observation(row, question=None, kind="gap", text="Late", by=ana, language="en", seen=Seen(stamp(row.at)))
    assert not Observation.objects.exists()

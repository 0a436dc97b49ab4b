"""Recommendations: numbered once, adopted once from the guidance, prerequisites without a circle."""

import pytest

from assessments.actions.recommendations import Advice, add_recommendation, edit_recommendation, remove_recommendation
from assessments.forms.recommendations import possible_needs
from assessments.models import Recommendation
from projects.models import MoveNotAllowed, ProjectEvent
from tests.factories.assessments import RecommendationFactory, release, submit
from tests.factories.projects import member
from toolkit.models import Guidance, Lever

ADVICE = Advice(
    text="Dredge the north quay.", language="en", priority="high", horizon="short", owner="post",
    owner_detail="Harbour office", resources="Two boats", tags=["improvement"],
)  # fmt: skip


@pytest.fixture
def lever(project):
    return Lever.objects.get(pillar__framework=project.framework, code="A.1")


@pytest.fixture
def expert(project):
    return member(project, "expert")


def test_a_recommendation_says_who_does_what_by_when(project, lever, expert):
    tool = lever.tools.get(code="A.1-T1")
    first = RecommendationFactory(project=project, lever=lever)

    saved = add_recommendation(
        project, lever=lever, advice=Advice(**ADVICE.columns() | {"tool": tool}), needs=[first], by=expert
    )

    assert (saved.number, saved.text, saved.owner, saved.tool, saved.tags, saved.saved_by) == (
        2, "Dredge the north quay.", "post", tool, ["improvement"], expert,
    )  # fmt: skip
    assert list(saved.needs.all()) == [first]
    event = ProjectEvent.objects.get(kind="recommendation_added")
    assert (event.for_findings, event.about) == (True, {"number": 2, "lever": "A.1"})


def test_numbers_are_never_used_again(project, lever):
    first = add_recommendation(project, lever=lever, advice=ADVICE, by=project.manager)
    second = add_recommendation(project, lever=lever, advice=ADVICE, needs=[first], by=project.manager)
    remove_recommendation(second, by=project.manager)
    third = add_recommendation(project, lever=lever, advice=ADVICE, by=project.manager)
    assert [first.number, third.number] == [1, 3]
    assert [row.number for row in Recommendation.objects.kept().order_by("number")] == [1, 3]
    assert Recommendation.objects.count() == 3


def test_nothing_waits_for_a_removed_recommendation(project, lever):
    first = add_recommendation(project, lever=lever, advice=ADVICE, by=project.manager)
    second = add_recommendation(project, lever=lever, advice=ADVICE, needs=[first], by=project.manager)
    remove_recommendation(first, by=project.manager)
    assert list(second.needs.all()) == []
    with pytest.raises(MoveNotAllowed):
        remove_recommendation(first, by=project.manager)
    with pytest.raises(MoveNotAllowed):
        edit_recommendation(first, advice=ADVICE, needs=[], by=project.manager)


def test_a_suggestion_is_adopted_once_until_what_came_of_it_is_removed(project, lever):
    guidance = Guidance.objects.get(lever=lever, from_level=1)
    adopted = add_recommendation(project, lever=lever, advice=ADVICE, guidance=guidance, by=project.manager)
    with pytest.raises(MoveNotAllowed):
        add_recommendation(project, lever=lever, advice=ADVICE, guidance=guidance, by=project.manager)
    remove_recommendation(adopted, by=project.manager)
    again = add_recommendation(project, lever=lever, advice=ADVICE, guidance=guidance, by=project.manager)
    assert again.guidance == guidance


def test_recommendations_stay_as_they_are_once_released(project, lever):
    kept = add_recommendation(project, lever=lever, advice=ADVICE, by=project.manager)
    submit(project)
    release(project)
    with pytest.raises(MoveNotAllowed):
        add_recommendation(project, lever=lever, advice=ADVICE, by=project.manager)
    with pytest.raises(MoveNotAllowed):
        edit_recommendation(kept, advice=ADVICE, needs=[], by=project.manager)
    with pytest.raises(MoveNotAllowed):
        remove_recommendation(kept, by=project.manager)


def test_prerequisites_cannot_go_in_a_circle(project):
    first, second, third, free = RecommendationFactory.create_batch(4, project=project)
    second.needs.add(first)
    third.needs.add(second)
    kept = list(Recommendation.objects.prefetch_related("needs").order_by("number"))
    assert possible_needs(first, kept) == [free]
    assert possible_needs(third, kept) == [first, second, free]
    assert possible_needs(None, kept) == [first, second, third, free]

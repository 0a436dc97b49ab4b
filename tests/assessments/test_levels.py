"""Levels from rows: both series side by side, the checklist, and a constant number of queries."""

from fractions import Fraction

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assessments.actions.submissions import return_sheet
from assessments.levels import project_levels
from assessments.outline import structure
from assessments.scoring import LeftOut
from tests.factories.assessments import answer, checklist, decide, national_sheet, opened_project, submit
from tests.factories.toolkit import dre, published_framework
from toolkit.models import Kind, Question

pytestmark = pytest.mark.django_db


def criteria(project):
    whole = structure(national_sheet(project).instrument)
    return [question for question in whole.questions.values() if question.is_scored and not question.condition]


def test_both_series_stand_side_by_side_and_are_never_blended(project):
    first, second, *_rest = criteria(project)
    answer(project, first.code, 3)
    answer(project, second.code, 4)
    submit(project)
    decide(project, first.code, 2, reason="Half of it.")
    levels = project_levels(project)
    own = {criterion.code: criterion.level for lever in levels.self_assessed.levers for criterion in lever.criteria}
    validated = {criterion.code: criterion.level for lever in levels.validated.levers for criterion in lever.criteria}
    assert (own[first.code], own[second.code]) == (3, 4)
    assert (validated[first.code], validated[second.code]) == (2, None)
    assert levels.validated.completeness.answered == 1


def test_not_applicable_leaves_both_series_once_the_experts_accept_it(project):
    first, *_rest = criteria(project)
    answer(project, first.code, status="not_applicable", reason="No port.")
    submit(project)

    def left_out():
        levels = project_levels(project)
        return [
            next(part.left_out for lever in series.levers for part in lever.parts if part.code == first.code)
            for series in (levels.self_assessed, levels.validated)
        ]

    assert left_out() == [LeftOut.NOT_APPLICABLE_OPEN, LeftOut.NOT_VALIDATED]
    decide(project, first.code, None, accepts_not_applicable=True)
    assert left_out() == [LeftOut.NOT_APPLICABLE, LeftOut.NOT_APPLICABLE]


def test_accepted_not_applicable_lapses_when_the_country_answers_after_a_return(project):
    first, *_rest = criteria(project)
    answer(project, first.code, status="not_applicable", reason="No port.")
    submit(project)
    applicable = project_levels(project).validated.completeness.applicable
    decide(project, first.code, None, accepts_not_applicable=True)
    assert project_levels(project).validated.completeness.applicable == applicable - 1
    return_sheet(national_sheet(project), whole="There is a port now.", sections={}, by=project.manager)
    answer(project, first.code, 3)
    levels = project_levels(project)
    assert levels.self_assessed.completeness.answered == 1
    assert levels.validated.completeness.applicable == applicable
    validated = [row for lever in levels.validated.levers for row in lever.criteria if row.code == first.code]
    assert [row.left_out for row in validated] == [LeftOut.NOT_VALIDATED]


def test_hidden_criterion_is_in_neither_series():
    framework = published_framework()
    framework.digest = "0" * 64  # structures are kept in memory by digest: this one is not the file's
    framework.save()
    scored = Question.objects.filter(section__instrument__framework=framework, kind=Kind.CRITERION)
    first, second, *_rest = scored.order_by("section__position", "position")
    second.condition = {"question": first.code, "operator": "at_least", "value": "3"}
    second.save()
    project = opened_project(framework=framework)

    def codes():
        levels = project_levels(project)
        return [
            [row.code for lever in series.levers for row in lever.criteria if row.code in {first.code, second.code}]
            for series in (levels.self_assessed, levels.validated)
        ]

    answer(project, first.code, 3)
    answer(project, second.code, 4)
    assert codes() == [[first.code, second.code]] * 2
    answer(project, first.code, 2)  # hides the second, whose answer is kept
    assert codes() == [[first.code]] * 2


def test_checklist_has_its_domains_and_a_level_as_a_whole(project):
    rating = next(
        question for question in structure(checklist(project).instrument).questions.values() if question.is_scored
    )
    answer(project, rating.code, 2, institution="ib")
    level = project_levels(project).checklist
    assert level.find(rating.section.code).level == Fraction(2)


def test_real_framework_has_three_pillars_and_eleven_levers():
    levels = project_levels(opened_project(framework=dre()))
    assert [pillar.code for pillar in levels.validated.pillars] == ["P1", "P2", "P3"]
    assert len(levels.validated.levers) == 11
    assert (levels.validated.overall.level, levels.self_assessed.completeness.applicable) == (None, 29)
    assert len(levels.checklist.children) == 9


def test_queries_do_not_grow_with_answers(project):
    project_levels(project)

    def counted():
        with CaptureQueriesContext(connection) as queries:
            project_levels(project)
        return len(queries)

    empty = counted()
    for question in criteria(project):
        answer(project, question.code, 2)
    assert counted() == empty

"""Two submissions compared as a whole."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from assessments.actions import submissions
from assessments.comparison import comparison
from assessments.outline import structure
from assessments.values import in_words
from projects.permissions import Role
from tests.clients import signed_in
from tests.factories.assessments import answer, checklist, national_sheet, submit
from tests.factories.projects import member
from toolkit.models import Institution, Kind

pytestmark = pytest.mark.django_db


@pytest.fixture
def texts(sheet):
    """A question answered in writing, then three criteria."""
    whole = list(structure(sheet.instrument).questions.values())
    criteria = [question for question in whole if question.kind == Kind.CRITERION and not question.condition]
    return [next(question for question in whole if question.kind == Kind.TEXT), *criteria[:3]]


def address(project, sheet, query=""):
    return reverse("assessments:submissions_compare", args=[project.public_id, sheet.instrument.code]) + query


def returned(project):
    submissions.return_sheet(national_sheet(project), whole="Complete it", sections={}, by=project.manager)


def shown(sections):
    signs = {"same": "", "added": "+", "removed": "-"}
    return {
        entry.code: (
            str(entry.became),
            "".join(
                f"{signs[stretch.mark]}{stretch.text}{signs[stretch.mark]}" for stretch in entry.changes[0].stretches
            )
            if entry.changes
            else "",
        )
        for _section, entries in sections
        for entry in entries
    }


def two_submissions(project, texts):
    changed, same, cleared, added = texts
    answer(project, changed.code, "We have a plan")
    for question in (same, cleared):
        answer(project, question.code, 2)
    one = submit(project)
    returned(project)
    answer(project, changed.code, "We have a good plan")
    answer(project, cleared.code)
    answer(project, added.code, 1)
    answer(project, same.code, 3)
    answer(project, same.code, 2)
    return one, submit(project)


def test_comparison_tells_what_was_added_changed_and_cleared(project, sheet, texts):
    one, two = two_submissions(project, texts)
    changed, _same, cleared, added = texts
    [first], [second] = in_words(added, 1, "en"), in_words(cleared, 2, "en")
    expert = member(project, Role.EXPERT)
    assert shown(comparison(sheet, one, two, expert)) == {
        changed.code: ("Changed", "We have a +good +plan"),
        cleared.code: ("Cleared", f"-{second}-+No answer+"),
        added.code: ("Added", first),
    }
    assert shown(comparison(sheet, one, one, expert)) == {}


def test_page_compares_the_last_two_by_itself_and_links_lead_to_it(project, sheet, texts, as_focal):
    two_submissions(project, texts)
    page = as_focal.get(address(project, sheet)).content.decode()
    assert "From submission 1 to submission 2" in page
    assert "3 answers differ" in page
    questionnaire = reverse("assessments:questionnaire", args=[project.public_id])
    assert f'href="{address(project, sheet)}"' in as_focal.get(questionnaire).content.decode()


def test_what_changed_since_the_last_submission(project, sheet, texts, as_focal):
    answer(project, texts[0].code, "one")
    submit(project)
    returned(project)
    questionnaire = reverse("assessments:questionnaire", args=[project.public_id])
    assert "What changed since the last submission" in as_focal.get(questionnaire).content.decode()
    assert "Nothing differs" in as_focal.get(address(project, sheet)).content.decode()
    answer(project, texts[0].code, "two")
    page = as_focal.get(address(project, sheet, "?a=1&b=now")).content.decode()
    assert "Since submission 1" in page
    assert "1 answer differs" in page


def test_confidential_answers_are_told_and_withheld(project, sheet, texts, as_focal):
    regulator = member(project, Role.CONTRIBUTOR, institution=Institution.REGULATOR)
    question = texts[0]
    answer(project, question.code, "EARLIER", by=regulator, institution="regulator")
    submit(project)
    returned(project)
    answer(project, question.code, "SECRET", by=regulator, institution="regulator", is_confidential=True)
    submit(project)
    page = as_focal.get(address(project, sheet)).content.decode()
    assert "SECRET" not in page
    assert "EARLIER" not in page
    assert "1 answer differs" in page
    assert "SECRET" in signed_in(regulator).get(address(project, sheet)).content.decode()


@pytest.mark.parametrize("query", ["?a=9&b=now", "?a=1&b=9", "?a=x", "?a=now&b=1"])
def test_unknown_submission_is_404(project, sheet, as_focal, query):
    submit(project)
    assert as_focal.get(address(project, sheet, query)).status_code == 404


def test_without_a_submission_there_is_nothing_to_compare(project, sheet, as_focal):
    assert as_focal.get(address(project, sheet)).status_code == 404
    expert = signed_in(member(project, Role.EXPERT))
    assert expert.get(address(project, checklist(project))).status_code == 404


def test_queries_do_not_grow_with_answers(project, sheet, texts, as_focal):
    answer(project, texts[0].code, "one")
    submit(project)
    returned(project)
    answer(project, texts[0].code, "two")
    as_focal.get(address(project, sheet))
    with CaptureQueriesContext(connection) as few:
        as_focal.get(address(project, sheet))
    for question in texts[1:]:
        answer(project, question.code, 3)
    with CaptureQueriesContext(connection) as many:
        as_focal.get(address(project, sheet))
    assert len(many) == len(few) <= 12

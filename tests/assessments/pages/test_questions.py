"""A question's own page, as a browser meets it."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from assessments.outline import structure
from projects.permissions import Role
from tests.factories.assessments import EvidenceFactory, answer, checklist, national_sheet, opened_project
from tests.factories.projects import member
from toolkit.models import Institution, Kind

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return opened_project()


@pytest.fixture
def sheet(project):
    return national_sheet(project)


@pytest.fixture
def focal(project):
    return member(project, Role.COORDINATOR)


@pytest.fixture
def as_focal(focal):
    return signed_in(focal)


@pytest.fixture
def text(sheet):
    return next(question for question in structure(sheet.instrument).questions.values() if question.kind == Kind.TEXT)


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def url(project, question, name="question", *more):
    instrument = question.section.instrument.code
    return reverse(f"assessments:{name}", args=[project.public_id, instrument, question.code, *more])


def test_page_shows_the_answer_that_stands_with_its_evidence_and_the_help(project, sheet, text, focal, as_focal):
    answer(project, text.code, "Bonjour", by=focal)
    EvidenceFactory(sheet=sheet, question=text, title="Décret 12", added_by=focal)
    page = as_focal.get(url(project, text)).content.decode()
    for shown in (text.text["en"], "Bonjour", "by you", "Décret 12", text.get_knows_display(), "Answer this question"):
        assert shown in page


def test_page_of_an_unanswered_question_says_so(project, text, as_focal):
    page = as_focal.get(url(project, text)).content.decode()
    assert "No answer yet" in page


def test_page_withholds_another_institutions_confidential_answer(project, text, as_focal):
    regulator = member(project, Role.CONTRIBUTOR, institution=Institution.REGULATOR)
    answer(project, text.code, "SECRET", by=regulator, institution="regulator", is_confidential=True)
    page = as_focal.get(url(project, text)).content.decode()
    assert "SECRET" not in page
    assert "Another institution has given a confidential answer here." in page
    assert "SECRET" in signed_in(regulator).get(url(project, text)).content.decode()


def test_unknown_question_is_404(project, sheet, as_focal):
    address = reverse("assessments:question", args=[project.public_id, sheet.instrument.code, "NO-SUCH"])
    assert as_focal.get(address).status_code == 404


def test_checklists_page_is_the_experts(project, as_focal):
    rating = next(iter(structure(checklist(project).instrument).questions.values()))
    assert as_focal.get(url(project, rating)).status_code == 404
    assert signed_in(member(project, Role.EXPERT)).get(url(project, rating)).status_code == 200


def test_section_page_links_to_each_question(project, sheet, text, as_focal):
    section = reverse("assessments:section", args=[project.public_id, sheet.instrument.code, text.section.code])
    assert f'href="{url(project, text)}"' in as_focal.get(section).content.decode()


def test_queries_do_not_grow_with_what_there_is(project, sheet, text, focal, as_focal):
    answer(project, text.code, "one", by=focal)
    as_focal.get(url(project, text))  # the structure is read once
    with CaptureQueriesContext(connection) as one:
        as_focal.get(url(project, text))
    for number in range(5):
        answer(project, text.code, f"text {number}", by=member(project, Role.CONTRIBUTOR))
        EvidenceFactory(sheet=sheet, question=text, added_by=member(project, Role.CONTRIBUTOR))
    with CaptureQueriesContext(connection) as many:
        as_focal.get(url(project, text))
    assert len(many) == len(one) <= 12

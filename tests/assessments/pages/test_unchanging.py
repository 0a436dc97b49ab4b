"""What is kept in memory of a question is nobody's: each reader sees their own words in it, and all of them."""

import re

import pytest
from django.utils import translation

from assessments.outline import structure
from projects.permissions import Role
from tests.clients import signed_in
from tests.factories.assessments import answer, national_sheet, opened_project
from tests.factories.projects import member
from toolkit.models import Kind

pytestmark = pytest.mark.django_db

SAID = 'Owned by <b>the state</b> & "others"'


def questions(project):
    return list(structure(national_sheet(project).instrument).questions.values())


def forget(project):
    """As in a process that has just started."""
    for question in questions(project):
        vars(question).pop("kept_html", None)


def section(user, project, code="G"):
    reply = signed_in(user).get(f"/projects/{project.public_id}/sheets/questionnaire/sections/{code}/")
    assert reply.status_code == 200
    return reply.content.decode()


def without_chance(html):
    """The page without what is another at each view."""
    html = re.sub(r'(:save_id" value=")[^"]+', r"\1", html)
    return re.sub(r'(csrfmiddlewaretoken" value=")[^"]+', r"\1", html)


def filled_in(project, focal):
    """An answer of each kind, with whatever can be said beside it."""
    values = {
        Kind.CRITERION: 3, Kind.TEXT: SAID, Kind.NUMBER: "1200.5", Kind.PERCENTAGE: "12", Kind.DATE: "2025-12-31",
        Kind.YES_PARTLY_NO: "partly", Kind.LINK: "https://post.example/?a=1&b=2",
        Kind.MONEY: {"amount": "12.50", "currency": "XOF"},
    }  # fmt: skip
    seen = set()
    for question in questions(project):
        of_axis = {option.axis: option.code for option in question.options.all()}
        value = {
            Kind.CHOICE: of_axis.get("option"), Kind.CHOICES: [of_axis.get("option")],
            Kind.TABLE: {of_axis.get("row"): of_axis.get("column")},
        }.get(question.kind) or values[question.kind]  # fmt: skip
        answer(project, question.code, value, by=focal, note=f"Note {SAID}")
        seen.add(question.kind)
    return seen


def test_the_words_of_one_are_not_kept_for_another(project):
    focal = member(project, Role.COORDINATOR)
    filled_in(project, focal)
    forget(project)
    assert "Owned by" in section(focal, project)  # the first of the process, of which the rest is kept
    other = opened_project()
    theirs = section(member(other, Role.COORDINATOR), other)
    assert "Owned by" not in theirs
    assert not re.search(r'type="radio"[^>]* checked', theirs)
    assert str(project.public_id) not in theirs


@pytest.mark.parametrize("language", ["fr", "en"])
def test_what_is_kept_is_what_is_written_anew(project, language):
    focal = member(project, Role.COORDINATOR)
    type(focal).objects.filter(pk=focal.pk).update(language=language)
    sections = [part.code for part in structure(national_sheet(project).instrument).sections]
    other = opened_project()
    forget(project)
    for code in sections:
        section(member(other, Role.COORDINATOR), other, code)  # keeps what is in the empty one, in their language
    assert filled_in(project, focal) >= {Kind.CRITERION, Kind.TEXT, Kind.TABLE, Kind.CHOICES}
    answer(project, "G-2", status="dont_know", by=focal)
    answer(project, "G-3", status="not_applicable", reason=f"Because {SAID}", by=focal)
    for code in sections:
        section(focal, project, code)
        kept = section(focal, project, code)
        forget(project)
        assert without_chance(kept) == without_chance(section(focal, project, code))


def test_what_was_said_stands_in_its_field_escaped(project):
    focal = member(project, Role.COORDINATOR)
    filled_in(project, focal)
    for _ in range(2):
        html = section(focal, project)
        assert html.count("Owned by &lt;b&gt;the state&lt;/b&gt; &amp; &quot;others&quot;") > 1
        assert "<b>the state" not in html


def test_a_question_is_kept_by_language(project):
    focal = member(project, Role.COORDINATOR)
    pages = {}
    for language in ("fr", "en", "fr"):
        type(focal).objects.filter(pk=focal.pk).update(language=language)
        with translation.override(None):
            html = section(focal, project)
        assert ("Je ne sais pas" in html) == (language == "fr")
        assert ("I don’t know" in html) == (language == "en")
        pages.setdefault(language, without_chance(html))
        assert pages[language] == without_chance(html)

"""Finding questions: filters, words with and without accents, what is withheld, what one has seen."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from assessments.actions import submissions
from assessments.models import Answer, SheetVisit
from assessments.outline import structure
from assessments.searching import plain, search
from projects.permissions import Role
from tests.clients import signed_in
from tests.factories.assessments import (
    ReviewMarkFactory,
    ThreadFactory,
    answer,
    question,
    section,
    submit,
)
from tests.factories.projects import member
from toolkit.models import Institution

pytestmark = pytest.mark.django_db


def found(sheet, user, show="all", words="") -> list[str]:
    return [entry.code for part in search(sheet, user, show=show, words=words).sections for entry in part.entries]


def counts(sheet, user) -> dict[str, int]:
    return {entry.name: entry.count for entry in search(sheet, user, show="all", words="").filters}


def page(project, name="questions_find") -> str:
    return reverse(f"assessments:{name}", args=[project.public_id])


@pytest.mark.parametrize(
    ("typed", "said"), [("reglement", "Règlement"), ("COEUR", "cœur"), ("l’etat", "l'État"), ("naïve", "NAIVE")]
)
def test_accents_capitals_and_ligatures_do_not_matter(typed, said):
    assert plain(typed) == plain(said)


def test_words_are_found_in_questions_of_either_language_and_in_answers(project, sheet, focal):
    asked = question(project, "A.1-1")
    in_french = max(asked.text["fr"].split(), key=len)
    assert "A.1-1" in found(sheet, focal, words=in_french.upper())
    answer(project, "A.1-1", 2, note="Décret du 3 mai, à l’étude", by=focal)
    assert found(sheet, focal, words="decret ETUDE") == ["A.1-1"]
    assert found(sheet, focal, words="decret nowhere") == []


def test_what_is_withheld_is_never_looked_into(project, sheet, focal):
    regulator = member(project, Role.CONTRIBUTOR, institution=Institution.REGULATOR)
    answer(
        project, "A.1-1", 2, by=regulator, institution="regulator", is_confidential=True, note="SECRET-note"
    )  # fmt: skip
    assert found(sheet, regulator, words="secret-note") == ["A.1-1"]
    assert found(sheet, focal, words="secret-note") == []
    assert "A.1-1" not in found(sheet, focal, "changed")
    assert "A.1-1" not in found(sheet, focal, "unanswered")
    text = signed_in(focal).get(page(project) + "?q=A.1-1").content.decode()
    assert "SECRET" not in text


def test_each_filter_finds_its_own(project, sheet, focal):
    colleague = member(project, Role.CONTRIBUTOR)
    whole = structure(sheet.instrument)
    everything = found(sheet, focal)
    answer(project, "A.1-1", 2, by=colleague)
    answer(project, "A.1-2", 2, by=focal)
    ReviewMarkFactory(sheet=sheet, question=question(project, "A.2-1"), marked_by=colleague)
    ThreadFactory(sheet=sheet, question=question(project, "B.1-1"), opened_by=colleague)
    ThreadFactory(sheet=sheet, question=question(project, "A.1-1"), opened_by=colleague, resolved=True)
    assert set(everything) - set(found(sheet, focal, "unanswered")) == {"A.1-1", "A.1-2"}
    assert found(sheet, focal, "marked") == ["A.2-1"]
    assert found(sheet, focal, "discussed") == ["B.1-1"]
    assert found(sheet, focal, "changed") == ["A.1-1"]
    assert found(sheet, focal, "returned") == []
    asked_for = {code for code in ("A.1-1", "A.1-2") if whole.questions[code].evidence}
    assert asked_for
    assert set(found(sheet, focal, "unproven")) == asked_for
    shown = search(sheet, focal, show="no such filter", words="")
    assert [entry.name for entry in shown.filters if entry.is_chosen] == ["all"]
    assert counts(sheet, focal) == {
        "all": len(everything), "unanswered": len(everything) - 2, "marked": 1, "discussed": 1,
        "unproven": len(asked_for), "changed": 1, "returned": 0,
    }  # fmt: skip


def test_marks_are_the_teams_and_so_is_their_filter(project, sheet):
    ReviewMarkFactory(sheet=sheet, question=question(project, "A.2-1"))
    expert = member(project, Role.EXPERT)
    assert "marked" not in counts(sheet, expert)
    assert "Marked for review" not in signed_in(expert).get(page(project)).content.decode()


def test_returned_are_the_questions_of_the_sections_that_came_back(project, sheet, focal):
    submit(project, by=focal)
    expert = member(project, Role.EXPERT)
    submissions.return_sheet(sheet, whole="", sections={section(project, "B.1"): "One more."}, by=expert)
    sheet.refresh_from_db()
    assert set(found(sheet, focal, "returned")) == {"B.1-1"}


def test_changed_is_what_others_saved_since_one_said_so(project, sheet, focal):
    colleague = member(project, Role.CONTRIBUTOR)
    answer(project, "A.1-1", 2, by=colleague)
    answer(project, "A.1-2", 2, by=colleague)
    client = signed_in(focal)
    until = client.get(page(project) + "?show=changed").context["now"]
    Answer.objects.filter(question__code="A.1-2").update(saved_at=timezone.now() + datetime.timedelta(seconds=1))
    reply = client.post(page(project, "questions_seen"), {"until": until})
    assert reply["Location"] == page(project) + "?show=changed"
    assert found(sheet, focal, "changed") == ["A.1-2"]
    assert found(sheet, colleague, "changed") == []


@pytest.mark.parametrize(
    "until", ["", "nonsense", "2026-13-45T00:00:00+00:00", "9999-01-01T00:00:00+00:00", "0001-01-01T00:00:00+14:00"]
)
def test_nobody_has_seen_the_future(project, sheet, focal, until):
    before = timezone.now()
    signed_in(focal).post(page(project, "questions_seen"), {"until": until})
    assert before <= SheetVisit.objects.get().seen_at <= timezone.now()


def test_asks_no_more_for_more_answers(project, sheet, focal):
    client = signed_in(focal)

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            client.get(page(project) + "?q=a")
        return len(asked)

    queries()
    before = queries()
    for code in ("A.1-1", "A.1-2", "A.2-1"):
        answer(project, code, 2, by=focal)
        ThreadFactory(sheet=sheet, question=question(project, code), opened_by=focal)
    assert queries() == before

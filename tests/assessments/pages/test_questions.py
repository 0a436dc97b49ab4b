"""A question's own page, as a browser meets it."""

import datetime
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from assessments.actions.answers import Content, save_answer
from assessments.history import history
from assessments.models import Answer, AnswerRevision
from assessments.outline import question_entries, structure
from projects.permissions import Role
from tests.clients import signed_in
from tests.factories.assessments import (
    AnswerFactory,
    AnswerRevisionFactory,
    EvidenceFactory,
    answer,
    checklist,
    submit,
)
from tests.factories.projects import member
from toolkit.models import Institution, Kind

pytestmark = pytest.mark.django_db


@pytest.fixture
def text(sheet):
    return next(question for question in structure(sheet.instrument).questions.values() if question.kind == Kind.TEXT)


def url(project, question, name="question", *more):
    instrument = question.section.instrument.code
    return reverse(f"assessments:{name}", args=[project.public_id, instrument, question.code, *more])


def test_page_shows_the_answer_that_stands_with_its_evidence_and_the_help(project, sheet, text, focal, as_focal):
    answer(project, text.code, "Bonjour", by=focal)
    EvidenceFactory(sheet=sheet, use__question=text, title="Décret 12", added_by=focal)
    page = as_focal.get(url(project, text)).content.decode()
    for shown in (text.text["en"], "Bonjour", "by you", "Décret 12", text.get_knows_display(), "Change the answer"):
        assert shown in page


def test_page_of_an_unanswered_question_says_so(project, text, as_focal):
    page = as_focal.get(url(project, text)).content.decode()
    assert "No answer yet" in page
    assert "Answer this question" in page


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
        EvidenceFactory(sheet=sheet, use__question=text, added_by=member(project, Role.CONTRIBUTOR))
    with CaptureQueriesContext(connection) as many:
        as_focal.get(url(project, text))
    assert len(many) == len(one) <= 20


# ── History ──────────────────────────────────────────────────────────────────


def sent(sheet, question, said, *, over, by):
    """A text that arrives over this version, whatever stands by now."""
    content = Content("answered", said)
    save_answer(
        sheet, question, content, base=over, save_id=uuid.uuid4(), by=by, language="en", institution="post"
    )  # fmt: skip


def told(project, sheet, question, user, page=None):
    """The history as this person reads it."""
    (entry,) = question_entries(sheet, [question], user)
    return history(sheet, entry, user, page)


def moved(sheet, **minutes):
    """The versions as saved so many minutes after nine o'clock, by their numbers."""
    for name, minute in minutes.items():
        AnswerRevision.objects.filter(sheet=sheet, number=int(name.removeprefix("v"))).update(
            saved_at=datetime.datetime(2026, 5, 12, 9, 0, tzinfo=datetime.UTC) + datetime.timedelta(minutes=minute)
        )


def spoken(version):
    """What a version shows of the answer itself: `-removed-` and `+added+`."""
    signs = {"same": "", "added": "+", "removed": "-"}
    return "".join(
        f"{signs[stretch.mark]}{stretch.text}{signs[stretch.mark]}" for stretch in version.changes[0].stretches
    )


def test_one_persons_saves_of_one_sitting_are_one_run(project, sheet, text, focal):
    colleague = member(project, Role.CONTRIBUTOR)
    for said, by in (("We", focal), ("We have", focal), ("We have one", colleague), ("We have two", focal)):
        answer(project, text.code, said, by=by)
    answer(project, text.code, "We have three", by=focal)
    moved(sheet, v1=0, v2=14, v3=15, v4=16, v5=31)
    runs = told(project, sheet, text, focal).runs
    assert [[version.revision.number for version in run.versions] for run in runs] == [[5], [4], [3], [2, 1]]
    assert [spoken(run.last) for run in runs] == [
        "We have -two-+three+", "We have -one-+two+", "We have+ one+", "We have",
    ]  # fmt: skip
    assert [spoken(version) for version in runs[-1].versions] == ["We+ have+", "We"]
    assert [run.last.is_standing for run in runs] == [True, False, False, False]


def test_refused_and_late_texts_stand_beside(project, sheet, text, focal, as_focal):
    answer(project, text.code, "theirs", by=member(project, Role.CONTRIBUTOR))
    sent(sheet, text, "mine", over=0, by=focal)
    submit(project)
    sent(sheet, text, "late", over=1, by=focal)
    runs = told(project, sheet, text, focal).runs
    assert [(run.last.revision.kind, spoken(run.last)) for run in runs] == [
        ("late", "late"), ("refused", "mine"), ("accepted", "theirs"),
    ]  # fmt: skip
    page = as_focal.get(url(project, text)).content.decode()
    assert "Kept, does not count" in page
    assert "Arrived after the questionnaire was closed" in page


def test_history_tells_note_basis_and_confidentiality(project, sheet, focal):
    criterion = next(question for question in structure(sheet.instrument).questions.values() if question.is_scored)
    answer(project, criterion.code, 2, by=focal, note="By the decree of 2019")
    answer(project, criterion.code, 3, by=focal, basis="interview", note="By the decree of 2021", is_confidential=True)
    (run,) = told(project, sheet, criterion, focal).runs
    found = {
        change.label: [(stretch.mark, stretch.text) for stretch in change.stretches]
        for change in run.versions[0].changes
    }
    assert found["Note"] == [("same", "By the decree of "), ("removed", "2019"), ("added", "2021")]
    assert found["It rests on"] == [("removed", "A document, attached"), ("added", "An interview")]
    assert found["Who reads it"] == [("removed", "The whole team"), ("added", "Confidential")]


def test_marks_are_read_aloud_and_carry_the_language(project, sheet, text, focal, as_focal):
    answer(project, text.code, "une <b>loi</b>", by=focal)
    answer(project, text.code, "une <b>règle</b>", by=focal)
    AnswerRevision.objects.filter(number=2).update(language="fr")
    page = as_focal.get(url(project, text)).content.decode()
    assert '<del lang="en"><span class="visually-hidden" lang="en"> [removed: </span>loi' in page
    assert '<ins><span class="visually-hidden" lang="en"> [added: </span>règle' in page
    assert "&lt;b&gt;" in page
    assert "<b>loi" not in page


def test_confidential_versions_are_told_and_withheld(project, sheet, text, focal, as_focal):
    regulator = member(project, Role.CONTRIBUTOR, institution=Institution.REGULATOR)
    for said, secret in (("public one", False), ("SECRET two", True), ("public three", False)):
        answer(project, text.code, said, by=regulator, institution="regulator", is_confidential=secret)
    page = as_focal.get(url(project, text)).content.decode()
    assert "SECRET" not in page
    assert "One version is confidential" in page
    whole = told(project, sheet, text, focal)
    assert [spoken(run.last) for run in whole.runs] == ["public -one-+three+", "public one"]
    assert [spoken(version) for version in told(project, sheet, text, regulator).runs[0].versions] == [
        "-SECRET two-+public three+", "-public one-+SECRET two+", "public one",
    ]  # fmt: skip


def test_versions_before_a_confidential_answer_are_withheld_with_it(project, sheet, text, as_focal):
    regulator = member(project, Role.CONTRIBUTOR, institution=Institution.REGULATOR)
    answer(project, text.code, "EARLIER", by=regulator, institution="regulator")
    answer(project, text.code, "SECRET", by=regulator, institution="regulator", is_confidential=True)
    page = as_focal.get(url(project, text)).content.decode()
    assert "EARLIER" not in page
    assert "SECRET" not in page


def test_long_history_comes_in_pages(project, sheet, text, focal, as_focal):
    AnswerRevision.objects.bulk_create(
        AnswerRevisionFactory.build(sheet=sheet, question=text, number=n, value=f"text {n}", saved_by=focal)
        for n in range(1, 131)
    )
    AnswerFactory(sheet=sheet, question=text, number=130, value="text 130", basis="", saved_by=focal)
    pages = [told(project, sheet, text, focal, page) for page in ("1", "2", "3")]
    assert [page.runs[-1].versions[-1].revision.number for page in pages] == [71, 11, 1]
    assert spoken(pages[0].runs[-1].versions[-1]) == "text -70-+71+"
    assert "?page=2" in as_focal.get(url(project, text)).content.decode()


# ── Restoring ────────────────────────────────────────────────────────────────


def restore(client, project, question, number, **changed):
    version = AnswerRevision.objects.get(question=question, number=number)
    typed = {"version": version.save_id, "save_id": uuid.uuid4()} | changed
    return client.post(url(project, question, "answer_restore"), typed, follow=True)


def test_restored_version_stands_and_the_history_says_so(project, sheet, text, focal, as_focal):
    answer(project, text.code, "one", by=focal, note="a note")
    answer(project, text.code, "two", by=member(project, Role.CONTRIBUTOR))
    page = restore(as_focal, project, text, 1, base=2).content.decode()
    assert "The version is restored." in page
    head = Answer.objects.get(question=text)
    assert (head.value, head.note, head.number, head.saved_by) == ("one", "a note", 3, focal)
    assert AnswerRevision.objects.get(number=3).kind == "restored"
    assert [run.last.revision.number for run in told(project, sheet, text, focal).runs] == [3, 2, 1]


def test_a_refused_text_can_be_used(project, sheet, text, focal, as_focal):
    answer(project, text.code, "theirs", by=member(project, Role.CONTRIBUTOR))
    sent(sheet, text, "mine", over=0, by=focal)
    refused = AnswerRevision.objects.get(kind="refused")
    assert f'value="{refused.save_id}">Use this text' in as_focal.get(url(project, text)).content.decode()
    restore(as_focal, project, text, 1, base=1, version=refused.save_id)
    assert Answer.objects.get(question=text).value == "mine"


def test_restoring_over_what_was_not_shown_is_told(project, text, focal, as_focal):
    answer(project, text.code, "one", by=focal)
    answer(project, text.code, "two", by=member(project, Role.CONTRIBUTOR))
    page = restore(as_focal, project, text, 1, base=1).content.decode()
    assert "nothing was restored" in page
    assert Answer.objects.get(question=text).value == "two"


def test_nothing_is_restored_in_a_closed_questionnaire(project, text, focal, as_focal):
    answer(project, text.code, "one", by=focal)
    answer(project, text.code, "two", by=focal)
    submit(project)
    assert "Restore version" not in as_focal.get(url(project, text)).content.decode()
    page = restore(as_focal, project, text, 1, base=2).content.decode()
    assert "The questionnaire is closed" in page
    assert (Answer.objects.get(question=text).value, AnswerRevision.objects.count()) == ("two", 2)


def test_restoring_twice_by_the_same_form_restores_once(project, text, focal, as_focal):
    answer(project, text.code, "one", by=focal)
    answer(project, text.code, "two", by=focal)
    save_id = uuid.uuid4()
    for _time in range(2):
        restore(as_focal, project, text, 1, base=2, save_id=save_id)
    assert AnswerRevision.objects.count() == 3


def test_what_one_may_not_read_cannot_be_restored(project, text, focal, as_focal):
    regulator = member(project, Role.CONTRIBUTOR, institution=Institution.REGULATOR)
    answer(project, text.code, "SECRET", by=regulator, institution="regulator", is_confidential=True)
    answer(project, text.code, "public", by=regulator, institution="regulator")
    assert restore(as_focal, project, text, 1, base=2).status_code == 404
    assert restore(signed_in(regulator), project, text, 1, base=2).status_code == 200
    head = Answer.objects.get(question=text)
    assert (head.value, head.is_confidential, head.institution) == ("SECRET", True, "regulator")
    assert restore(as_focal, project, text, 2, base=3).status_code == 403


@pytest.mark.parametrize("broken", [{"version": "x"}, {"base": "-1"}, {"base": ""}, {"save_id": ""}, {"base": 7}])
def test_broken_form_restores_nothing_and_says_so(project, text, focal, as_focal, broken):
    answer(project, text.code, "one", by=focal)
    answer(project, text.code, "two", by=focal)
    response = restore(as_focal, project, text, 1, **({"base": 2} | broken))
    assert response.status_code == 200
    assert 'class="note note-bad' in response.content.decode()
    assert AnswerRevision.objects.count() == 2

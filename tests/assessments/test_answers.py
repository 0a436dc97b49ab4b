"""The server's half of the save protocol (DESIGN, Answers are never lost): every row of the table of replies."""

import threading
import uuid

import pytest
from django.db import connection

from assessments.actions import submissions
from assessments.actions.answers import Content, ImpossibleBase, Outcome, SaveIdTaken, Withheld, save_answer
from assessments.models import Answer, AnswerRevision, RevisionKind, SheetSection
from assessments.outline import structure
from projects.models import ProjectStatus
from projects.permissions import Role
from tests.factories.assessments import national_sheet, opened_project
from tests.factories.projects import member
from toolkit.models import Institution, Kind

pytestmark = pytest.mark.django_db


@pytest.fixture
def text_question(sheet):
    return next(question for question in structure(sheet.instrument).questions.values() if question.kind == Kind.TEXT)


@pytest.fixture
def colleague(project):
    return member(project, Role.CONTRIBUTOR)


def save(sheet, question, text, by, base=0, save_id=None, institution="post", **content):
    return save_answer(
        sheet, question, Content(status="answered", value=text, **content), base=base, save_id=save_id or uuid.uuid4(),
        by=by, language="fr", institution=institution,
    )  # fmt: skip


def test_save_writes_answer_revision_and_counters(sheet, text_question, focal):
    reply = save(sheet, text_question, "one", focal)
    assert (reply.outcome, reply.number, reply.head.value) == (Outcome.SAVED, 1, "one")
    (revision,) = AnswerRevision.objects.filter(sheet=sheet)
    assert (revision.kind, revision.number, revision.base, revision.value) == (RevisionKind.ACCEPTED, 1, 0, "one")
    assert reply.sheet.answered == sum(SheetSection.objects.filter(sheet=sheet).values_list("answered", flat=True))
    assert reply.section.answered == (1 if text_question.is_core else 0)


def test_same_save_id_again_gives_the_same_reply_and_changes_nothing(sheet, text_question, focal, colleague):
    save_id = uuid.uuid4()
    first = save(sheet, text_question, "one", focal, save_id=save_id)
    save(sheet, text_question, "two", colleague, base=1)
    again = save(sheet, text_question, "one", focal, save_id=save_id)
    assert (again.outcome, again.number, again.saved_at) == (first.outcome, first.number, first.saved_at)
    assert (again.head.number, again.head.value) == (2, "two")
    assert AnswerRevision.objects.filter(sheet=sheet).count() == 2


def test_refused_save_sent_again_is_refused_again(sheet, text_question, focal, colleague):
    save(sheet, text_question, "one", focal)
    save_id = uuid.uuid4()
    assert save(sheet, text_question, "mine", colleague, save_id=save_id).outcome is Outcome.CONFLICT
    assert save(sheet, text_question, "mine", colleague, save_id=save_id).outcome is Outcome.CONFLICT
    assert AnswerRevision.objects.filter(sheet=sheet, kind=RevisionKind.REFUSED).count() == 1


@pytest.mark.parametrize("who", ["another person", "another text"])
def test_save_id_of_someone_or_something_else_is_impossible(sheet, text_question, focal, colleague, who):
    save_id = uuid.uuid4()
    save(sheet, text_question, "one", focal, save_id=save_id)
    by, text = (colleague, "one") if who == "another person" else (focal, "other")
    with pytest.raises(SaveIdTaken):
        save(sheet, text_question, text, by, save_id=save_id)


def test_text_over_an_old_revision_is_kept_beside_the_one_that_stands(sheet, text_question, focal, colleague):
    save(sheet, text_question, "one", focal)
    reply = save(sheet, text_question, "mine", colleague)
    assert (reply.outcome, reply.number, reply.head.value, reply.head.saved_by) == (
        Outcome.CONFLICT, None, "one", focal,
    )  # fmt: skip
    assert list(AnswerRevision.objects.values_list("value", "kind")) == [("one", "accepted"), ("mine", "refused")]


def test_same_text_over_an_old_revision_is_no_conflict(sheet, text_question, focal, colleague):
    save(sheet, text_question, "one", focal)
    assert save(sheet, text_question, "one", colleague).outcome is Outcome.SAVED


@pytest.mark.parametrize("base", [1, 7, -1])
def test_base_that_never_was_is_impossible(sheet, text_question, focal, base):
    with pytest.raises(ImpossibleBase):
        save(sheet, text_question, "one", focal, base=base)


def test_text_that_arrives_after_the_sheet_closed_is_kept_as_late(sheet, text_question, focal):
    save(sheet, text_question, "one", focal)
    submissions.send_to_signatory(sheet, reason="More comes in March.", by=focal)
    reply = save(sheet, text_question, "two", focal, base=1)
    assert (reply.outcome, reply.head.value) == (Outcome.CLOSED, "one")
    assert AnswerRevision.objects.get(kind=RevisionKind.LATE).value == "two"


def test_text_is_late_in_a_section_that_was_not_returned(sheet, text_question, focal):
    SheetSection.objects.filter(sheet=sheet, section=text_question.section).update(is_open=False)
    assert save(sheet, text_question, "one", focal).outcome is Outcome.CLOSED


def test_text_is_late_in_a_suspended_project(project, sheet, text_question, focal):
    project.move(ProjectStatus.SUSPENDED, reason="Elections")
    assert save(sheet, text_question, "one", focal).outcome is Outcome.CLOSED


def test_confidential_answer_of_another_institution_is_not_written_over(project, sheet, text_question, focal):
    regulator = member(project, Role.CONTRIBUTOR, institution=Institution.REGULATOR)
    save(sheet, text_question, "secret", regulator, institution="regulator", is_confidential=True)
    with pytest.raises(Withheld):
        save(sheet, text_question, "mine", focal, base=1)
    assert Answer.objects.get(sheet=sheet).value == "secret"


@pytest.mark.parametrize("first", ["saved", "refused"])
def test_a_save_sent_again_tells_nothing_of_a_confidential_answer_that_stands_now(
    project, sheet, text_question, focal, colleague, first
):
    regulator = member(project, Role.CONTRIBUTOR, institution=Institution.REGULATOR)
    save_id = uuid.uuid4()
    if first == "refused":
        save(sheet, text_question, "theirs", colleague)
    save(sheet, text_question, "mine", focal, save_id=save_id)
    save(sheet, text_question, "secret", regulator, base=1, institution="regulator", is_confidential=True)
    with pytest.raises(Withheld):
        save(sheet, text_question, "mine", focal, save_id=save_id)


def test_hidden_answer_is_kept_but_not_counted(sheet, focal):
    whole = structure(sheet.instrument)
    child = next(
        question
        for question in whole.questions.values()
        if question.condition and question.condition["operator"] in {"is", "at_least"} and question.is_core
    )
    parent = whole.questions[child.condition["question"]]
    value = int(child.condition["value"]) if parent.is_scored else child.condition["value"]
    save(sheet, parent, value, focal, basis="document" if parent.is_scored else "")
    text = {"number": "3", "percentage": "3", "text": "kept", "date": "2026-01-01"}.get(child.kind)
    Answer.objects.filter(sheet=sheet, question=child).delete()
    shown = save_answer(
        sheet, child, Content(status="answered", value=text) if text else Content(status="dont_know"),
        base=0, save_id=uuid.uuid4(), by=focal, language="fr", institution="post",
    )  # fmt: skip
    hidden = save_answer(
        sheet, parent, Content(status="dont_know"), base=1, save_id=uuid.uuid4(), by=focal, language="fr",
        institution="post",
    )  # fmt: skip
    kept = Answer.objects.get(sheet=sheet, question=child)
    assert (kept.status != "blank", kept.is_counted) == (True, False)
    assert child.code in hidden.hidden
    assert hidden.sheet.applicable < shown.sheet.applicable


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgresql
def test_two_saves_at_once_are_one_answer_and_one_conflict():
    project = opened_project()
    sheet = national_sheet(project)
    question = next(entry for entry in structure(sheet.instrument).questions.values() if entry.kind == Kind.TEXT)
    people = [member(project, Role.COORDINATOR), member(project, Role.CONTRIBUTOR)]
    outcomes = []

    def send(person, text):
        outcomes.append(save(sheet, question, text, person).outcome)
        connection.close()

    threads = [threading.Thread(target=send, args=(person, f"text {n}")) for n, person in enumerate(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcome.value for outcome in outcomes) == ["conflict", "saved"]
    assert AnswerRevision.objects.filter(sheet=sheet).count() == 2

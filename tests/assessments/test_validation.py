"""The experts' decisions: what fits an answer, what needs a reason, when they can be taken."""

import pytest

from assessments.actions.submissions import return_sheet
from assessments.actions.validation import Decision, record_decision
from assessments.desk import desk, differs, is_settled
from assessments.models import Answer, AnswerStatus, Basis, ValidatedLevel
from projects.models import MoveNotAllowed, ProjectEvent, ProjectStatus
from tests.factories.assessments import (
    AnswerFactory,
    EvidenceFactory,
    answer,
    decide,
    national_sheet,
    question,
    release,
    section,
    submit,
)
from tests.factories.projects import member

NOT_APPLICABLE = {"status": AnswerStatus.NOT_APPLICABLE, "reason": "There is no harbour office."}


@pytest.fixture
def expert(project):
    return member(project, "expert")


def said(status=AnswerStatus.ANSWERED, value=None):
    return Answer(status=status, value=value)


@pytest.mark.parametrize(
    ("answer_given", "decision", "expected"),
    [
        (said(value=3), None, False),
        (said(value=3), Decision(level=3), False),
        (said(value=3), Decision(level=2), True),
        (said(value=3), Decision(private_note="To ask again"), False),
        (said(AnswerStatus.DONT_KNOW), Decision(level=1), False),
        (said(AnswerStatus.BLANK), Decision(level=1), False),
        (None, Decision(level=4), False),
        (said(AnswerStatus.NOT_APPLICABLE), Decision(accepts_not_applicable=True), False),
        (said(AnswerStatus.NOT_APPLICABLE), Decision(accepts_not_applicable=False), True),
        (said(AnswerStatus.NOT_APPLICABLE), Decision(level=1, accepts_not_applicable=False), True),
    ],
)
def test_only_another_level_or_a_refusal_differs(answer_given, decision, expected):
    assert differs(answer_given, decision) is expected


@pytest.mark.parametrize(
    ("answer_given", "decision", "expected"),
    [
        (said(value=3), None, False),
        (said(value=3), Decision(level=3), True),
        (said(value=3), Decision(level=2), False),
        (said(value=3), Decision(level=2, reason="Seen otherwise"), True),
        (said(value=3), Decision(private_note="Later"), False),
        (said(value=3), Decision(accepts_not_applicable=True), False),  # it was "not applicable" before the return
        (said(AnswerStatus.NOT_APPLICABLE), Decision(level=2), False),  # it had a level before the return
        (said(AnswerStatus.NOT_APPLICABLE), Decision(accepts_not_applicable=True), True),
        (said(AnswerStatus.NOT_APPLICABLE), Decision(accepts_not_applicable=False, reason="It exists"), True),
        (None, Decision(level=2), True),
    ],
)
def test_a_decision_settles_only_the_answer_it_fits(answer_given, decision, expected):
    assert is_settled(answer_given, decision) is expected


def test_a_decision_is_saved_with_its_language_and_told_in_the_history(project, expert):
    answer(project, "A.1-1", 3)
    submit(project)

    saved = record_decision(
        national_sheet(project),
        question(project, "A.1-1"),
        Decision(level=2, basis=Basis.SEEN, reason="La moitié seulement", private_note="Revoir mercredi"),
        by=expert,
        language="fr",
    )

    assert list(ValidatedLevel.objects.all()) == [saved]
    assert (saved.level, saved.basis, saved.reason, saved.private_note, saved.language, saved.saved_by) == (
        2, Basis.SEEN, "La moitié seulement", "Revoir mercredi", "fr", expert,
    )  # fmt: skip
    event = ProjectEvent.objects.get(kind="level_validated")
    assert (event.by, event.for_findings, event.about["question"], event.about["level"]) == (expert, True, "A.1-1", 2)


def test_a_decision_can_be_changed_and_withdrawn_before_the_release(project):
    answer(project, "A.1-1", 3)
    submit(project)
    decide(project, "A.1-1", 3)

    decide(project, "A.1-1", 4, reason="The yearly review is published")
    decide(project, "A.1-1", private_note="To be seen on Wednesday")

    saved = ValidatedLevel.objects.get()
    assert (saved.level, saved.basis, saved.reason, saved.private_note) == (None, "", "", "To be seen on Wednesday")
    assert ProjectEvent.objects.filter(kind="level_validated").count() == 3


def test_saving_the_same_level_again_is_not_told_twice(project):
    answer(project, "A.1-1", 3)
    submit(project)
    decide(project, "A.1-1", 3)
    decide(project, "A.1-1", 3, private_note="Seen again")
    assert ProjectEvent.objects.filter(kind="level_validated").count() == 1


def test_nothing_is_decided_before_the_questionnaire_is_signed(project):
    answer(project, "A.1-1", 3)
    with pytest.raises(MoveNotAllowed):
        decide(project, "A.1-1", 3)
    assert not ValidatedLevel.objects.exists()


def test_nothing_is_decided_after_the_release(project):
    answer(project, "A.1-1", 3)
    submit(project)
    decide(project, "A.1-1", 3)
    release(project)
    with pytest.raises(MoveNotAllowed):
        decide(project, "A.1-1", 4, reason="Too late")
    assert ValidatedLevel.objects.get().level == 3


def test_nothing_is_decided_while_the_project_is_suspended(project):
    answer(project, "A.1-1", 3)
    submit(project)
    project.move(ProjectStatus.SUSPENDED, reason="Floods")
    with pytest.raises(MoveNotAllowed):
        decide(project, "A.1-1", 3)


def test_a_difference_without_a_reason_is_refused(project):
    answer(project, "A.1-1", 3)
    submit(project)
    with pytest.raises(MoveNotAllowed):
        decide(project, "A.1-1", 2)


def test_not_applicable_is_accepted_or_refused_only_where_the_country_said_it(project):
    answer(project, "A.1-1", 3)
    answer(project, "A.2-1", **NOT_APPLICABLE)
    submit(project)

    with pytest.raises(MoveNotAllowed):
        decide(project, "A.1-1", accepts_not_applicable=True)
    assert decide(project, "A.2-1", accepts_not_applicable=True).accepts_not_applicable is True
    refused = decide(project, "A.2-1", 1, accepts_not_applicable=False, reason="The office opened in May")
    assert (refused.level, refused.accepts_not_applicable) == (1, False)


def test_the_desk_lists_the_criteria_that_apply_with_their_evidence(project, expert):
    answer(project, "A.1-1", 3)
    answer(project, "A.2-1", **NOT_APPLICABLE)
    sheet = national_sheet(project)
    piece = EvidenceFactory(sheet=sheet, use__question=question(project, "A.1-1"), is_confidential=True)
    EvidenceFactory(sheet=sheet, use__question=question(project, "A.1-1"), use__removed=True)
    submit(project)
    decide(project, "A.1-1", 2, reason="Half of the quay")

    whole = desk(national_sheet(project), expert)

    assert [entry.code for entry in whole.entries] == ["A.1-1", "A.1-2", "A.2-1", "B.1-1"]
    assert whole.entry("A.1-1").told.evidence == list(piece.uses.all())
    assert whole.counts == {"todo": 3, "differing": 1, "not_applicable": 1, "all": 4}
    assert whole.settled == 1
    assert [entry.code for entry in whole.shown("differing")] == ["A.1-1"]
    assert [part.code for part, _entries in whole.by_section("todo")] == ["A.1", "A.2", "B.1"]


def test_the_next_one_comes_from_the_top_again_after_the_last(project, expert):
    answer(project, "A.1-1", 3)
    submit(project)
    decide(project, "A.1-1", 3)
    whole = desk(national_sheet(project), expert)
    assert whole.next_after("B.1-1", "todo").code == "A.1-2"
    assert whole.next_after("B.1-1", "all").code == "A.1-1"
    assert whole.before("A.1-1", "all").code == "B.1-1"
    assert whole.next_after("A.1-1", "differing") is None


def test_an_answer_changed_after_a_return_is_to_validate_again(project, expert):
    answer(project, "A.1-1", 3)
    submit(project)
    decide(project, "A.1-1", 3)
    return_sheet(national_sheet(project), whole="", sections={section(project, "A.1"): "Since when?"}, by=expert)
    answer(project, "A.1-1", 4)
    submit(project)
    assert "A.1-1" in [entry.code for entry in desk(national_sheet(project), expert).shown("todo")]


def test_the_desk_takes_as_many_queries_for_many_answers_as_for_one(
    project, expert, django_assert_num_queries, django_assert_max_num_queries
):
    sheet = national_sheet(project)
    sheet.project = project
    AnswerFactory(sheet=sheet, question=question(project, "A.1-1"))
    desk(sheet, expert)
    with django_assert_max_num_queries(6) as one:
        desk(sheet, expert)
    for code in ("A.1-2", "A.2-1", "B.1-1"):
        AnswerFactory(sheet=sheet, question=question(project, code))
        EvidenceFactory(sheet=sheet, use__question=question(project, code), as_file=True)
    with django_assert_num_queries(len(one)):
        desk(sheet, expert)

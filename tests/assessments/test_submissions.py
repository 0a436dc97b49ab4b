"""The sheet's way: sent, taken back, signed, returned, accepted; what was signed has a checksum."""

import datetime

import pytest

from assessments.actions import evidence, submissions
from assessments.models import Evidence, SheetReturn, SheetState
from assessments.outline import structure
from projects.models import MoveNotAllowed, ProjectEvent
from projects.permissions import Role
from tests.factories.assessments import answer, national_sheet, opened_project, release, submit
from tests.factories.projects import member

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


def first_question(sheet):
    return next(iter(structure(sheet.instrument).questions.values()))


def sign(sheet, by):
    return submissions.sign(
        sheet, name="H. Marchetti", function="Chief executive", signed_on=datetime.date(2026, 5, 21), statement="True.",
        by=by,
    )  # fmt: skip


def test_signed_sheet_is_its_revisions_and_their_checksum(project, sheet, focal):
    code = first_question(sheet).code
    answer(project, code, status="dont_know", by=focal)
    submissions.send_to_signatory(sheet, by=focal)
    submission = sign(sheet, focal)
    sheet.refresh_from_db()
    assert (sheet.state, submission.number, submission.revisions) == (SheetState.SUBMITTED, 1, {code: 1})
    assert len(submission.sha256) == 64


def test_checksum_changes_with_any_word(project, sheet, focal):
    code = first_question(sheet).code
    checksums = set()
    for note in ("a", "b"):
        answer(project, code, status="dont_know", note=note, by=focal)
        submissions.send_to_signatory(sheet, by=focal)
        checksums.add(sign(sheet, focal).sha256)
        submissions.return_sheet(sheet, whole="More.", sections={}, by=focal)
        sheet.refresh_from_db()
    assert len(checksums) == 2


def test_only_a_sheet_awaiting_signature_is_signed(sheet, focal):
    with pytest.raises(MoveNotAllowed):
        sign(sheet, focal)


def test_second_click_is_refused(sheet, focal):
    submissions.send_to_signatory(sheet, by=focal)
    with pytest.raises(MoveNotAllowed):
        submissions.send_to_signatory(sheet, by=focal)


def test_signatory_returns_it_with_a_comment(sheet, focal):
    submissions.send_to_signatory(sheet, by=focal)
    submissions.take_back(sheet, comment="Give the budget.", by=focal)
    sheet.refresh_from_db()
    assert sheet.state == SheetState.OPEN
    assert SheetReturn.objects.get(sheet=sheet).comment == "Give the budget."


def test_single_sections_are_returned_and_the_rest_stays_as_signed(project, sheet, focal):
    submit(project)
    sections = structure(sheet.instrument).sections
    submissions.return_sheet(sheet, whole="", sections={sections[1]: "Two answers lack a basis."}, by=focal)
    sheet.refresh_from_db()
    assert sheet.state == SheetState.OPEN
    assert [row.section_id for row in sheet.sections.filter(is_open=True)] == [sections[1].pk]
    assert SheetReturn.objects.get(sheet=sheet).section == sections[1]


def test_whole_sheet_is_returned(project, sheet, focal):
    submit(project)
    submissions.return_sheet(sheet, whole="Please state years.", sections={}, by=focal)
    assert not sheet.sections.filter(is_open=False).exists()


def test_return_without_a_comment_is_refused(project, sheet, focal):
    submit(project)
    with pytest.raises(MoveNotAllowed):
        submissions.return_sheet(sheet, whole="", sections={}, by=focal)


def test_nothing_is_returned_after_release(project, sheet, focal):
    submit(project)
    release(project)
    with pytest.raises(MoveNotAllowed):
        submissions.return_sheet(sheet, whole="Again.", sections={}, by=focal)


def test_moves_are_in_the_history(project, sheet, focal):
    submit(project)
    submissions.accept_sheet(sheet, by=focal)
    kinds = list(ProjectEvent.objects.filter(project=project).order_by("pk").values_list("kind", flat=True))
    assert kinds[-3:] == ["sheet_sent_to_signatory", "sheet_signed", "sheet_accepted"]


def test_evidence_after_submission_is_marked_late(project, sheet, focal):
    question = first_question(sheet)
    before = evidence.add_link(
        sheet, question, url="https://a.example", said=evidence.Piece(), institution="post", by=focal
    )
    submit(project)
    after = evidence.add_file(
        sheet, question, [b"minutes"], name="minutes.txt", content_type="text/plain", said=evidence.Piece(),
        institution="post", by=focal,
    )  # fmt: skip
    assert (before.is_late, after.is_late) == (False, True)
    with pytest.raises(MoveNotAllowed):
        evidence.remove_evidence(before, by=focal)
    evidence.remove_evidence(after, by=focal)
    assert list(Evidence.objects.filter(sheet=sheet).kept()) == [before.piece]


def test_stored_file_has_its_checksum_and_our_name(sheet, focal):
    piece = evidence.add_file(
        sheet, first_question(sheet), [b"ab", b"c"], name="../../etc/passwd", content_type="text/plain",
        said=evidence.Piece(), institution="post", by=focal,
    ).piece  # fmt: skip
    assert piece.file.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert (piece.file.size, ".." in piece.file.path) == (3, False)


def test_no_evidence_after_release(project, sheet, focal):
    submit(project)
    release(project)
    with pytest.raises(MoveNotAllowed):
        evidence.add_link(
            sheet, first_question(sheet), url="https://a.example", said=evidence.Piece(), institution="post", by=focal,
        )  # fmt: skip

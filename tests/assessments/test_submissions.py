"""The sheet's way: sent, taken back, signed, returned, accepted; what was signed has a checksum."""

from pathlib import Path

import pytest
from django.db import IntegrityError, transaction

from assessments.actions import evidence, submissions
from assessments.models import Evidence, SheetReturn, SheetState
from assessments.outline import section_entries, structure
from assessments.unanswered import by_holder, unanswered
from foundation.files import path_of
from foundation.models import StoredFile
from projects.models import MoveNotAllowed, ProjectEvent
from projects.permissions import Role
from tests.factories.assessments import (
    SIGNATURE,
    WHY_MISSING,
    SectionAssignmentFactory,
    SignatureRequestFactory,
    SubmissionFactory,
    answer,
    national_sheet,
    release,
    submit,
)
from tests.factories.foundation import StoredFileFactory
from tests.factories.projects import member
from toolkit.models import Institution

pytestmark = pytest.mark.django_db


def first_question(sheet):
    return next(iter(structure(sheet.instrument).questions.values()))


def sign(sheet, by):
    return submissions.sign(sheet, SIGNATURE, by=by)


def test_signed_sheet_is_its_revisions_and_their_checksum(project, sheet, focal):
    code = first_question(sheet).code
    answer(project, code, status="dont_know", by=focal)
    submissions.send_to_signatory(sheet, reason="More comes in March.", by=focal)
    submission = sign(sheet, focal)
    sheet.refresh_from_db()
    assert (sheet.state, submission.number, submission.revisions) == (SheetState.SUBMITTED, 1, {code: 1})
    assert len(submission.sha256) == 64


def test_checksum_changes_with_any_word(project, sheet, focal):
    code = first_question(sheet).code
    checksums = set()
    for note in ("a", "b"):
        answer(project, code, status="dont_know", note=note, by=focal)
        submissions.send_to_signatory(sheet, reason="More comes in March.", by=focal)
        checksums.add(sign(sheet, focal).sha256)
        submissions.return_sheet(sheet, whole="More.", sections={}, by=focal)
        sheet.refresh_from_db()
    assert len(checksums) == 2


def test_only_a_sheet_awaiting_signature_is_signed(sheet, focal):
    with pytest.raises(MoveNotAllowed):
        sign(sheet, focal)


def test_second_click_is_refused(sheet, focal):
    submissions.send_to_signatory(sheet, reason="More comes in March.", by=focal)
    with pytest.raises(MoveNotAllowed):
        submissions.send_to_signatory(sheet, reason="More comes in March.", by=focal)


def test_signatory_returns_it_with_a_comment(sheet, focal):
    submissions.send_to_signatory(sheet, reason="More comes in March.", by=focal)
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


# ── What is missing, and why ─────────────────────────────────────────────────


def complete(project, by):
    """Every question that applies has an answer of some kind."""
    for question in structure(national_sheet(project).instrument).questions.values():
        if question.is_core:
            answer(project, question.code, status="dont_know", by=by)


def test_incomplete_answers_are_sent_only_with_a_reason(sheet, focal):
    with pytest.raises(MoveNotAllowed):
        submissions.send_to_signatory(sheet, by=focal)
    sheet.refresh_from_db()
    assert sheet.is_open
    asked = submissions.send_to_signatory(sheet, reason=WHY_MISSING, by=focal)
    assert (asked.reason, asked.answered, asked.applicable) == (WHY_MISSING, 0, sheet.applicable)
    assert len(asked.missing) == sheet.applicable


def test_complete_answers_need_no_reason_and_keep_none(project, sheet, focal):
    complete(project, focal)
    asked = submissions.send_to_signatory(sheet, reason="None needed.", by=focal)
    assert (asked.reason, asked.missing, asked.is_complete) == ("", [], True)
    assert sum(answered for answered, _applicable in asked.sections.values()) == asked.answered


@pytest.mark.parametrize(("answered", "reason"), [(0, ""), (3, WHY_MISSING), (4, WHY_MISSING)])
def test_database_refuses_missing_answers_without_a_reason_and_a_reason_without_them(sheet, answered, reason):
    with pytest.raises(IntegrityError, match="signature_request_reason_when_incomplete"), transaction.atomic():
        SignatureRequestFactory(sheet=sheet, answered=answered, applicable=3, reason=reason)


def test_what_was_sent_is_what_is_signed_whatever_evidence_came_meanwhile(project, sheet, focal):
    question = first_question(sheet)
    answer(project, question.code, status="dont_know", by=focal)
    asked = submissions.send_to_signatory(sheet, reason=WHY_MISSING, by=focal)
    evidence.add_link(sheet, question, url="https://late.example", said=evidence.Piece(), institution="post", by=focal)
    assert sign(sheet, focal).sha256 == asked.sha256


def test_missing_answers_are_those_of_whoever_has_the_section(project, sheet, focal):
    kokou = member(project, Role.CONTRIBUTOR, institution=Institution.REGULATOR)
    membership = project.memberships.get(user=kokou)
    rows = list(sheet.sections.select_related("section").order_by("section__position"))
    SectionAssignmentFactory(sheet_section=rows[0], institution=Institution.REGULATOR, member=membership)
    SectionAssignmentFactory(sheet_section=rows[1], institution=Institution.MINISTRY)
    holders = by_holder(unanswered(sheet), section_entries(sheet))
    by_knowledge = {holder.institution for holder in holders if not holder.person}
    named = {(holder.institution, holder.person): {q.section_id for q in holder.questions} for holder in holders}
    assert named["regulator", kokou.name] == {rows[0].section_id}
    assert rows[1].section_id in named["ministry", ""]
    others = [
        question for question in unanswered(sheet) if question.section_id not in {row.section_id for row in rows[:2]}
    ]
    assert {question.knows for question in others} <= by_knowledge
    assert sum(len(holder.questions) for holder in holders) == sheet.applicable


# ── On paper, and by delegation ──────────────────────────────────────────────


def send_in(sheet, by, code: str):
    return submissions.send_in_paper(
        sheet, SIGNATURE, [b"%PDF-1.7"], code=code, name="signed.pdf", content_type="application/pdf", by=by
    )


def test_paper_submits_the_answers_whose_code_it_bears(sheet, focal):
    asked = submissions.send_to_signatory(sheet, reason=WHY_MISSING, by=focal)
    submission = send_in(sheet, focal, asked.code.lower().replace("-", " "))
    assert (submission.is_on_paper, submission.sha256, submission.request) == (True, asked.sha256, asked)
    assert path_of(submission.scan).read_bytes() == b"%PDF-1.7"
    sheet.refresh_from_db()
    assert sheet.state == SheetState.SUBMITTED


def test_paper_of_other_answers_is_refused_and_not_kept(project, sheet, focal, settings):
    printed = submissions.send_to_signatory(sheet, reason=WHY_MISSING, by=focal)
    submissions.take_back(sheet, comment="", by=focal)
    answer(project, first_question(sheet).code, status="dont_know", by=focal)
    submissions.send_to_signatory(sheet, reason=WHY_MISSING, by=focal)
    with pytest.raises(submissions.OtherAnswers):
        send_in(sheet, focal, printed.code)
    sheet.refresh_from_db()
    assert (sheet.state, StoredFile.objects.count()) == (SheetState.AWAITING_SIGNATURE, 0)
    assert [path for path in Path(settings.FILES_DIR).rglob("*") if path.is_file()] == []


def test_paper_is_only_taken_while_it_waits(sheet, focal):
    with pytest.raises(MoveNotAllowed):
        send_in(sheet, focal, "3F2A-91C7")
    assert StoredFile.objects.count() == 0


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"way": "paper"}, "submission_paper_with_scan"),
        ({"with_scan": True}, "submission_screen_without_scan"),
        ({"delegated_by": "The minister"}, "submission_delegation_with_ground"),
        ({"delegation_ground": "Decree 12"}, "submission_delegation_with_ground"),
        ({"way": "pigeon"}, "submission_way_known"),
    ],
)
def test_database_refuses_half_a_signature(sheet, fields, constraint):
    if fields.pop("with_scan", False):
        fields = {"scan": StoredFileFactory()}
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        SubmissionFactory(sheet=sheet, **fields)

"""What is missing, the signature on the screen and the signed paper, as people meet them."""

import html

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from assessments.actions import submissions
from assessments.models import SheetState
from assessments.unanswered import unanswered
from projects.permissions import Role
from tests.clients import signed_in
from tests.factories.assessments import (
    SIGNATURE,
    WHY_MISSING,
    EvidenceFactory,
    SectionAssignmentFactory,
    SubmissionFactory,
    answer,
)
from tests.factories.projects import member
from toolkit.models import Institution

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7\n1 0 obj\n"


@pytest.fixture
def waiting(sheet, focal):
    return submissions.send_to_signatory(sheet, reason=WHY_MISSING, by=focal)


def url(project, name: str, *more: object) -> str:
    return reverse(f"assessments:{name}", args=[project.public_id, "questionnaire", *more])


def shown(response) -> str:
    return html.unescape(response.content.decode())


def paper(asked, **changes: object) -> dict[str, object]:
    return {
        "scan": SimpleUploadedFile("signed.pdf", PDF), "code": asked.code, "name": "Hélène Marchetti",
        "function": "Directrice générale", "signed_on": "2026-05-21", **changes,
    }  # fmt: skip


# ── What is missing ──────────────────────────────────────────────────────────


def test_each_missing_answer_is_a_link_under_the_name_of_who_has_it(project, sheet, as_focal):
    regulator = member(project, Role.CONTRIBUTOR, institution=Institution.REGULATOR, user__name="Kokou Adoyi")
    row = sheet.sections.select_related("section").order_by("section__position").first()
    SectionAssignmentFactory(
        sheet_section=row, institution=Institution.REGULATOR, member=project.memberships.get(user=regulator)
    )
    question = unanswered(sheet)[0]
    assert question.section == row.section
    page = shown(as_focal.get(url(project, "sheet_missing")))
    assert "Kokou Adoyi" in page
    assert "has not signed everything" in page
    link = f'href="{url(project, "section", row.section.code)}#{question.code}"'
    assert link in page
    answer(project, question.code, status="dont_know", by=regulator)
    assert link not in shown(as_focal.get(url(project, "sheet_missing")))


def test_a_contributor_sees_what_is_missing_and_no_way_to_send_it(project, sheet):
    page = shown(signed_in(member(project, Role.CONTRIBUTOR)).get(url(project, "sheet_missing")))
    assert "What is missing" in page
    assert url(project, "sheet_send") not in page


def test_sending_without_a_reason_shows_what_is_missing_again(project, sheet, as_focal):
    response = as_focal.post(url(project, "sheet_send"), {"reason": " "})
    assert (response.status_code, "Say in a sentence why answers are missing" in shown(response)) == (422, True)
    sheet.refresh_from_db()
    assert sheet.is_open


def test_the_reason_is_read_by_the_signatory_and_by_the_experts(project, waiting):
    signatory, expert = (signed_in(member(project, role)) for role in (Role.SIGNATORY, Role.EXPERT))
    assert WHY_MISSING in shown(signatory.get(url(project, "sheet_document")))
    submissions.sign(waiting.sheet, SIGNATURE, by=waiting.sent_by)
    for page in (url(project, "sheet_document"), reverse("assessments:questionnaire", args=[project.public_id])):
        assert WHY_MISSING in shown(expert.get(page))


def test_queries_of_the_missing_page_do_not_grow(project, sheet, as_focal, django_assert_max_num_queries):
    with django_assert_max_num_queries(12):
        as_focal.get(url(project, "sheet_missing"))


def test_queries_of_the_document_do_not_grow_with_submissions_and_evidence(project, sheet, as_focal):
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert as_focal.get(url(project, "sheet_document")).status_code == 200
        return len(asked)

    asked = []
    for numbers in ((1,), (2, 3, 4)):
        for number in numbers:
            SubmissionFactory(sheet=sheet, number=number, on_paper=True, signed_by=member(project, Role.SIGNATORY))
            EvidenceFactory(sheet=sheet, as_file=True, added_by=member(project, Role.CONTRIBUTOR))
        asked.append(queries())
    assert asked[0] == asked[1] <= 25


# ── Signing ──────────────────────────────────────────────────────────────────


def test_the_printed_document_bears_the_code_that_the_paper_is_asked_for(project, waiting, as_focal):
    page = shown(as_focal.get(url(project, "sheet_document")))
    assert page.count(waiting.code) == 2
    assert waiting.sha256 in page
    assert "Signature and stamp" in page


def test_signature_by_delegation_says_for_whom_and_on_what_ground(project, sheet, waiting):
    signatory = signed_in(member(project, Role.SIGNATORY))
    form = signatory.get(url(project, "sheet_document")).context["form"].initial
    half = form | {"function": "Adjoint", "agrees": "on", "delegated_by": "Hélène Marchetti, directrice générale"}
    assert signatory.post(url(project, "sheet_sign"), half).status_code == 422
    whole = half | {"delegation_ground": "Décision no 12 du 3 mars 2026"}
    assert signatory.post(url(project, "sheet_sign"), whole).status_code == 302
    page = shown(signatory.get(reverse("assessments:questionnaire", args=[project.public_id])))
    assert "By delegation, for Hélène Marchetti, directrice générale (Décision no 12 du 3 mars 2026)." in page


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.SIGNATORY])
def test_coordinator_or_signatory_sends_the_signed_paper_in(project, sheet, waiting, role):
    person = signed_in(member(project, role))
    assert waiting.code not in shown(person.get(url(project, "sheet_sign_paper")))  # it is read off the paper
    response = person.post(url(project, "sheet_sign_paper"), paper(waiting))
    assert response.status_code == 302
    sheet.refresh_from_db()
    submission = sheet.submissions.get()
    assert (sheet.state, submission.name, submission.is_on_paper) == (SheetState.SUBMITTED, "Hélène Marchetti", True)
    scan = person.get(url(project, "submission_scan", submission.public_id))
    assert (b"".join(scan.streaming_content), scan["Content-Disposition"]) == (PDF, 'attachment; filename="signed.pdf"')


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"code": "0000-0000"}, "This is not the code of the answers that wait"),
        ({"scan": SimpleUploadedFile("signed.pdf", b"plain text")}, "A scan is a PDF"),
        ({"scan": SimpleUploadedFile("signed.pdf", b"")}, "empty"),
        ({"signed_on": "2099-01-01"}, "The date lies in the future"),
        ({"delegated_by": "The minister"}, "Say which letter or decree"),
    ],
)
def test_a_paper_that_cannot_be_taken_says_why_and_submits_nothing(
    project, sheet, waiting, as_focal, changes, sentence
):
    response = as_focal.post(url(project, "sheet_sign_paper"), paper(waiting, **changes))
    assert (response.status_code, sentence in shown(response)) == (422, True)
    assert "Directrice générale" in shown(response)
    assert not sheet.submissions.exists()


def test_the_way_of_paper_is_closed_while_nothing_waits(project, sheet, as_focal):
    assert "does not wait for a signature" in shown(as_focal.get(url(project, "sheet_sign_paper")))

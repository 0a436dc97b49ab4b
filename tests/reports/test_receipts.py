"""The receipt of a submission: what it says, in whose language, for whom, and once whatever is clicked."""

import datetime
import subprocess

import pytest
from django.test import Client
from django.urls import reverse

from assessments.actions import submissions
from assessments.actions.signatures import sign_sections
from assessments.actions.teamwork import Assigned, assign_sections
from assessments.models import Submission
from assessments.outline import section_entries
from assessments.signatures import signatories
from foundation.files import path_of
from foundation.models import Job, JobState
from projects.permissions import Role
from reports.actions.receipts import request_receipt
from reports.models import Receipt
from reports.tasks import render_receipt
from tests.factories.assessments import WHY_MISSING, answer, national_sheet, opened_project, section, submit
from tests.factories.projects import member

pytestmark = [pytest.mark.django_db, pytest.mark.pdf]
SIGNATURE = submissions.Signature(
    name="Hélène Marchetti 😀", function="Directrice adjointe", signed_on=datetime.date(2026, 5, 21),
    statement="J’ai lu ces réponses.", delegated_by="Paul Kest, directeur général",
    delegation_ground="Décision no 12 du 3 mars 2026",
)  # fmt: skip


@pytest.fixture
def project():
    return opened_project()


@pytest.fixture
def submission(project) -> Submission:
    """One question answered, in confidence; sent in on paper, by delegation."""
    sheet, focal = national_sheet(project), member(project, Role.COORDINATOR, user__name="Awa Diallo")
    answer(project, "G-1", value="12", by=focal, is_confidential=True, note="SECRET-note")
    asked = submissions.send_to_signatory(sheet, reason=WHY_MISSING, by=focal)
    return submissions.send_in_paper(
        sheet, SIGNATURE, [b"%PDF-1.7"], code=asked.code, name="s.pdf", content_type="application/pdf", by=focal
    )


def text_of(receipt: Receipt) -> str:
    receipt.refresh_from_db()
    assert receipt.file is not None, receipt.job.detail
    command = ["pdftotext", "-layout", path_of(receipt.file), "-"]
    return " ".join(subprocess.run(command, capture_output=True, check=True).stdout.decode().split())


def test_receipt_says_what_was_submitted_by_whom_and_how(submission):
    receipt = request_receipt(submission, "fr", by=submission.signed_by)
    render_receipt(receipt.job_id)
    text = text_of(receipt)
    asked = submission.request
    for part in (
        "Accusé de réception de la transmission 1", "Hélène Marchetti [U+1F600], Directrice adjointe", "21 mai 2026",
        "Awa Diallo", "Paul Kest, directeur général (Décision no 12 du 3 mars 2026)", "J’ai lu ces réponses.",
        f"1 sur {asked.applicable}", WHY_MISSING, submission.sha256[:8], submission.scan.sha256[:20],
        *asked.missing[:3],
    ):  # fmt: skip
        assert part in text, part
    assert "SECRET" not in text
    assert receipt.submission.sha256 in text.replace(" ", "")


def test_receipt_is_in_the_language_asked_for_and_marks_what_is_not(submission):
    receipt = request_receipt(submission, "en", by=submission.signed_by)
    render_receipt(receipt.job_id)
    text = text_of(receipt)
    assert "Receipt of submission 1" in text
    assert "21 May 2026" in text


def test_a_submission_of_before_requests_were_kept_has_a_receipt_too(submission):
    Submission.objects.filter(pk=submission.pk).update(request=None)
    receipt = request_receipt(submission, "en", by=submission.signed_by)
    render_receipt(receipt.job_id)
    assert "Hélène Marchetti" in text_of(receipt)


def test_receipt_lists_what_each_institution_signed_as_it_stood_then(project):
    sheet, focal = national_sheet(project), member(project, Role.COORDINATOR)
    wanted = {code: Assigned("regulator") for code in ("A.1", "A.2", "B.1")} | {"G": Assigned("post")}
    assign_sections(sheet, {section(project, code): given for code, given in wanted.items()}, by=focal)
    signatory = member(project, Role.SIGNATORY, institution="regulator")
    for code in ("A.1-1", "A.2-1", "B.1-1"):
        answer(project, code, 2, institution="regulator")
    [regulator] = signatories(sheet, section_entries(sheet))
    read = {row.entry.section.code: row.sha256 for row in regulator.sections if row.entry.section.code != "B.1"}
    sign_sections(sheet, read=read, name="Réza Régulateur", function="DG", statement="Ours.", by=signatory)
    answer(project, "A.2-1", 3, institution="regulator")
    submission = submit(project)
    submissions.return_sheet(sheet, whole="Give the years.", sections={}, by=project.manager)
    answer(project, "A.1-1", 3, institution="regulator")
    assign_sections(sheet, {section(project, "A.1"): Assigned("ministry")}, by=focal)
    receipt = request_receipt(submission, "fr", by=focal)
    render_receipt(receipt.job_id)
    text = text_of(receipt)
    names = {code: section(project, code).name["fr"] for code in ("A.1", "A.2", "B.1")}
    for part in (
        "Signatures des institutions pour leurs propres sections",
        f"A.1 {names['A.1']} Réza Régulateur, DG, le ", f"A.2 {names['A.2']} Signée par Réza Régulateur le ",
        f"B.1 {names['B.1']} Non signée; la transmission n’en dépend pas",
    ):  # fmt: skip
        assert part in text, part
    assert "Ministère" not in text


def test_asking_again_makes_no_second_one_and_tries_a_failed_one_anew(submission):
    first = request_receipt(submission, "fr", by=submission.signed_by)
    assert request_receipt(submission, "fr", by=submission.signed_by) == first
    Job.objects.filter(pk=first.job_id).fail("no_space")
    request_receipt(submission, "fr", by=submission.signed_by)
    assert Job.objects.get(pk=first.job_id).state == JobState.QUEUED
    assert Receipt.objects.count() == 1


def test_a_reader_asks_for_it_in_their_language_watches_and_downloads(project, submission):
    person = member(project, Role.CONTRIBUTOR, user__language="fr")
    client = Client()
    client.force_login(person)
    page = reverse("reports:receipt", args=[project.public_id, 1])
    assert "Établir l’accusé de réception" in client.get(page).content.decode()
    client.post(reverse("reports:receipt_request", args=[project.public_id, 1]))
    receipt = Receipt.objects.get()
    assert (receipt.language, receipt.requested_by) == ("fr", person)
    assert "est en préparation" in client.get(page).content.decode()
    render_receipt(receipt.job_id)
    address = reverse("reports:receipt_file", args=[project.public_id, receipt.public_id])
    assert address in client.get(reverse("reports:receipt_progress", args=[project.public_id, 1])).content.decode()
    response = client.get(address)
    assert b"".join(response.streaming_content).startswith(b"%PDF")
    assert response["Content-Disposition"].endswith('-accuse-de-reception-1-fr.pdf"')


def test_a_project_that_is_gone_ends_the_job(submission):
    receipt = request_receipt(submission, "fr", by=submission.signed_by)
    job = receipt.job
    Receipt.objects.all().delete()
    render_receipt(job.pk)
    job.refresh_from_db()
    assert (job.state, job.problem) == (JobState.FAILED, "gone")

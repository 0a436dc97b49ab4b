"""The sheet as one document, and its way: send, take back, sign, return, accept."""

import logging
import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from assessments import outline
from assessments.actions import submissions as actions
from assessments.forms.evidence import not_stored
from assessments.forms.submissions import IS_TRUE, PaperForm, ReturnForm, SendForm, SignForm, TakeBackForm
from assessments.models import READ_CONFIDENTIAL, AnswerSheet, Submission
from assessments.signatures import signatories, signs_whole
from assessments.unanswered import by_holder, unanswered
from assessments.views.find import READS, find_sheet, of_questionnaire
from assessments.views.sheets import may
from foundation.downloads import download
from foundation.files import NotStored, left_out
from projects.permissions import Permission, allows, require

logger = logging.getLogger(__name__)


@require_safe
def sheet_document(request: HttpRequest, project_id: uuid.UUID, instrument: str) -> HttpResponse:
    sheet = find_sheet(request, project_id, instrument, READS)
    return _document_page(request, sheet, SignForm.for_reader(request.user, sheet))


def _document_page(request: HttpRequest, sheet: AnswerSheet, form: SignForm, status: int = 200) -> HttpResponse:
    """The whole sheet to read in one go, with the signature's form for who may sign it."""
    whole = outline.structure(sheet.instrument)
    entries = outline.question_entries(sheet, list(whole.questions.values()), request.user)
    by_section = [
        (part, [entry for entry in entries if entry.question.section_id == part.pk]) for part in whole.sections
    ]
    submissions = list(sheet.submissions.select_related("signed_by", "request", "scan__scan").order_by("-number"))
    return render(
        request,
        "assessments/sheet_document.html",
        {
            "project": sheet.project,
            "tab": "questionnaire",
            "sheet": sheet,
            "by_section": by_section,
            "form": form,
            "asked": sheet.waiting_request,
            "statement": IS_TRUE,
            "submissions": submissions,
            "reads_scans": reads_scans(request.user, sheet),
            "sections": (sections := outline.section_entries(sheet)),
            "signatories": signatories(sheet, sections),
            **may(request, sheet),
        },
        status=status,
    )


def reads_scans(user: Any, sheet: AnswerSheet) -> bool:
    """Who may read the signed paper: a scan may show one institution's confidential answers to another."""
    project = sheet.project
    sends = any(allows(user, permission, project) for permission in (Permission.SEND_TO_SIGNATORY, Permission.SIGN))
    return sends or bool(project.roles_of(user) & READ_CONFIDENTIAL)


def _require_signatory(user: Any, sheet: AnswerSheet) -> None:
    """Another institution's signatory signs its own sections, not the whole in the Post's place."""
    require(user, Permission.SIGN, sheet.project)
    if not signs_whole(sheet, user):
        raise PermissionDenied("signs_whole")


@require_safe
def sheet_missing(request: HttpRequest, project_id: uuid.UUID, instrument: str) -> HttpResponse:
    """What has no answer yet, by who has it; for who may send it to the signatory, the way to."""
    sheet = find_sheet(request, project_id, instrument, of_questionnaire(Permission.READ_ANSWERS))
    return _missing_page(request, sheet, SendForm(is_complete=sheet.is_complete))


def _missing_page(request: HttpRequest, sheet: AnswerSheet, form: SendForm, status: int = 200) -> HttpResponse:
    missing, sections = unanswered(sheet), outline.section_entries(sheet)
    context = {
        "project": sheet.project, "tab": "questionnaire", "sheet": sheet, "missing": missing,
        "holders": by_holder(missing, sections), "form": form,
        "signatories": signatories(sheet, sections), **may(request, sheet),
    }  # fmt: skip
    return render(request, "assessments/sheet_missing.html", context, status=status)


@require_POST
def sheet_send(request: HttpRequest, project_id: uuid.UUID, instrument: str) -> HttpResponse:
    sheet = find_sheet(request, project_id, instrument, of_questionnaire(Permission.SEND_TO_SIGNATORY))
    form = SendForm(request.POST, is_complete=sheet.is_complete)
    if not form.is_valid() and sheet.is_open:
        return _missing_page(request, sheet, form, status=422)
    actions.send_to_signatory(sheet, reason=form.cleaned_data.get("reason", ""), by=request.user)
    messages.success(
        request, gettext("The questionnaire is with the signatory. Nobody can change answers until it comes back.")
    )
    return redirect("assessments:questionnaire", project_id)


@require_POST
def sheet_take_back(request: HttpRequest, project_id: uuid.UUID, instrument: str) -> HttpResponse:
    """The coordinator takes it back; the signatory returns it with a comment."""
    sheet = find_sheet(request, project_id, instrument, of_questionnaire(Permission.READ_ANSWERS))
    is_coordinator = allows(request.user, Permission.SEND_TO_SIGNATORY, sheet.project)
    if not is_coordinator:
        _require_signatory(request.user, sheet)
    form = TakeBackForm(request.POST, needs_comment=not is_coordinator)
    if not form.is_valid():
        for error in form.errors["comment"]:
            messages.error(request, error)
        return redirect("assessments:sheet_document", project_id, instrument)
    actions.take_back(sheet, comment=form.cleaned_data["comment"], by=request.user)
    messages.success(request, gettext("The questionnaire is open again for the national team."))
    return redirect("assessments:questionnaire", project_id)


@require_POST
def sheet_sign(request: HttpRequest, project_id: uuid.UUID, instrument: str) -> HttpResponse:
    sheet = find_sheet(request, project_id, instrument, of_questionnaire(Permission.SIGN))
    _require_signatory(request.user, sheet)
    form = SignForm(request.POST)
    if not form.is_valid():
        return _document_page(request, sheet, form, status=422)
    submission = actions.sign(sheet, form.signature, sent_at=form.cleaned_data["sent_at"], by=request.user)
    return _submitted(request, submission)


@require_http_methods(["GET", "HEAD", "POST"])
def sheet_sign_paper(request: HttpRequest, project_id: uuid.UUID, instrument: str) -> HttpResponse:
    """The signed and stamped paper, as a scan, from the coordinator or the signatory."""
    sheet = find_sheet(request, project_id, instrument, of_questionnaire(Permission.READ_ANSWERS))
    if not allows(request.user, Permission.SEND_TO_SIGNATORY, sheet.project):
        _require_signatory(request.user, sheet)
    form = PaperForm(request.POST, request.FILES) if request.method == "POST" else PaperForm()
    if form.is_bound and "scan" in left_out(request):
        form.add_error("scan", not_stored())
    if form.is_bound and form.is_valid():
        try:
            return _submitted(request, form.send(sheet, by=request.user))
        except NotStored:
            logger.exception("a signed paper could not be stored")
            form.add_error("scan", not_stored())
        except actions.OtherAnswers as refusal:
            form.add_error("code", str(refusal))
    return render(
        request,
        "assessments/sheet_sign_paper.html",
        {
            "project": sheet.project, "tab": "questionnaire", "sheet": sheet, "form": form,
            "asked": sheet.waiting_request, **may(request, sheet),
        },
        status=422 if form.errors else 200,
    )  # fmt: skip


@require_safe
def submission_scan(
    request: HttpRequest, project_id: uuid.UUID, instrument: str, submission_id: uuid.UUID
) -> FileResponse:
    sheet = find_sheet(request, project_id, instrument, of_questionnaire(Permission.READ_ANSWERS))
    if not reads_scans(request.user, sheet):
        raise PermissionDenied("reads_scans")
    return download(get_object_or_404(sheet.submissions.select_related("scan"), public_id=submission_id).scan)


def _submitted(request: HttpRequest, submission: Submission) -> HttpResponse:
    messages.success(
        request,
        gettext("Signed and submitted to the experts. The checksum of what was signed begins with %(checksum)s.")
        % {"checksum": submission.sha256[:12]},
    )
    return redirect("assessments:questionnaire", submission.sheet.project.public_id)


@require_http_methods(["GET", "HEAD", "POST"])
def sheet_return(request: HttpRequest, project_id: uuid.UUID, instrument: str) -> HttpResponse:
    sheet = find_sheet(request, project_id, instrument, of_questionnaire(Permission.VALIDATE))
    sections = outline.structure(sheet.instrument).sections
    form = ReturnForm(request.POST if request.method == "POST" else None, sections=sections)
    if request.method == "POST" and form.is_valid():
        actions.return_sheet(sheet, whole=form.cleaned_data["whole"], sections=form.comments, by=request.user)
        messages.success(request, gettext("The questionnaire was returned to the national team with your comments."))
        return redirect("assessments:questionnaire", project_id)
    return render(
        request,
        "assessments/sheet_return.html",
        {"project": sheet.project, "tab": "questionnaire", "sheet": sheet, "form": form, "rows": form.rows()},
        status=422 if form.errors else 200,
    )


@require_POST
def sheet_accept(request: HttpRequest, project_id: uuid.UUID, instrument: str) -> HttpResponse:
    sheet = find_sheet(request, project_id, instrument, of_questionnaire(Permission.VALIDATE))
    actions.accept_sheet(sheet, by=request.user)
    messages.success(request, gettext("The questionnaire is accepted."))
    return redirect("assessments:questionnaire", project_id)

"""The sheet as one document, and its way: send, take back, sign, return, accept."""

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from assessments import outline
from assessments.actions import submissions as actions
from assessments.forms.submissions import ReturnForm, SignForm, TakeBackForm
from assessments.models import AnswerSheet
from assessments.views.sheets import READS, find_sheet, may
from projects.permissions import Permission, allows, require
from toolkit.models import Audience


def _questionnaire(request: HttpRequest, project_id: uuid.UUID, instrument: str, permission: Permission) -> AnswerSheet:
    """The national sheet, for those whose role allows the verb; the checklist is never signed."""
    return find_sheet(request, project_id, instrument, {Audience.NATIONAL: permission, Audience.EXPERTS: permission})


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
    return render(
        request,
        "assessments/sheet_document.html",
        {
            "project": sheet.project,
            "tab": "questionnaire",
            "sheet": sheet,
            "by_section": by_section,
            "form": form,
            "submissions": sheet.submissions.select_related("signed_by").order_by("-number"),
            "sections": outline.section_entries(sheet),
            **may(request, sheet),
        },
        status=status,
    )


@require_POST
def sheet_send(request: HttpRequest, project_id: uuid.UUID, instrument: str) -> HttpResponse:
    sheet = _questionnaire(request, project_id, instrument, Permission.SEND_TO_SIGNATORY)
    actions.send_to_signatory(sheet, by=request.user)
    messages.success(
        request, gettext("The questionnaire is with the signatory. Nobody can change answers until it comes back.")
    )
    return redirect("assessments:questionnaire", project_id)


@require_POST
def sheet_take_back(request: HttpRequest, project_id: uuid.UUID, instrument: str) -> HttpResponse:
    """The coordinator takes it back; the signatory returns it with a comment."""
    sheet = find_sheet(request, project_id, instrument, READS)
    is_coordinator = allows(request.user, Permission.SEND_TO_SIGNATORY, sheet.project)
    if not is_coordinator:
        require(request.user, Permission.SIGN, sheet.project)
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
    sheet = _questionnaire(request, project_id, instrument, Permission.SIGN)
    form = SignForm(request.POST)
    if not form.is_valid():
        return _document_page(request, sheet, form, status=422)
    submission = actions.sign(
        sheet,
        name=form.cleaned_data["name"],
        function=form.cleaned_data["function"],
        signed_on=form.cleaned_data["signed_on"],
        statement=form.statement,
        sent_at=form.cleaned_data["sent_at"],
        by=request.user,
    )
    messages.success(
        request,
        gettext("Signed and submitted to the experts. The checksum of what you signed begins with %(checksum)s.")
        % {"checksum": submission.sha256[:12]},
    )
    return redirect("assessments:questionnaire", project_id)


@require_http_methods(["GET", "HEAD", "POST"])
def sheet_return(request: HttpRequest, project_id: uuid.UUID, instrument: str) -> HttpResponse:
    sheet = _questionnaire(request, project_id, instrument, Permission.VALIDATE)
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
    sheet = _questionnaire(request, project_id, instrument, Permission.VALIDATE)
    actions.accept_sheet(sheet, by=request.user)
    messages.success(request, gettext("The questionnaire is accepted."))
    return redirect("assessments:questionnaire", project_id)

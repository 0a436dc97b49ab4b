"""Evidence: add, remove, download."""

import uuid

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from assessments import outline, values
from assessments.actions import evidence as actions
from assessments.forms import evidence as forms
from assessments.models import Evidence
from assessments.views.sheets import READS, WRITES, find_sheet, institution_of
from foundation.downloads import download


@require_POST
def evidence_add(request: HttpRequest, project_id: uuid.UUID, instrument: str, question: str) -> HttpResponse:
    """Files and a link for one question, from the script; replies with the question's evidence as it stands."""
    sheet = find_sheet(request, project_id, instrument, WRITES)
    asked = outline.structure(sheet.instrument).questions.get(question)
    if asked is None:
        raise Http404
    problem = ""
    try:
        if not forms.add_from(request, sheet, asked, institution_of(request, sheet)):
            problem = gettext("Choose a file or give a link first.")
    except values.ImpossibleValue as error:
        problem = str(error)
    (entry,) = outline.question_entries(sheet, [asked], request.user)
    return render(
        request,
        "assessments/_evidence.html",
        {"entry": entry, "sheet": sheet, "project": sheet.project, "can_add_evidence": True, "problem": problem},
        status=422 if problem else 200,
    )


def _find(
    request: HttpRequest, project_id: uuid.UUID, instrument: str, evidence_id: uuid.UUID, permission: dict
) -> Evidence:
    sheet = find_sheet(request, project_id, instrument, permission)
    pieces = Evidence.objects.filter(sheet=sheet).kept().readable_by(request.user, sheet.project)  # type: ignore[attr-defined]
    piece = get_object_or_404(pieces.select_related("file", "question__section"), public_id=evidence_id)
    piece.sheet = sheet
    return piece


@require_POST
def evidence_remove(
    request: HttpRequest, project_id: uuid.UUID, instrument: str, evidence_id: uuid.UUID
) -> HttpResponse:
    piece = _find(request, project_id, instrument, evidence_id, WRITES)
    actions.remove_evidence(piece, by=request.user)
    messages.success(request, gettext("“%(title)s” was removed.") % {"title": piece.title})
    page = resolve_url("assessments:section", project_id, instrument, piece.question.section.code)
    return redirect(f"{page}#{piece.question.code}")


@require_safe
def evidence_file(request: HttpRequest, project_id: uuid.UUID, instrument: str, evidence_id: uuid.UUID) -> FileResponse:
    """The file itself; the permission is the same as the page's."""
    return download(_find(request, project_id, instrument, evidence_id, READS).file)

"""The questionnaire on paper and offline: ask for a file, watch, download."""

import uuid
from typing import Any

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from assessments.models import AnswerSheet
from assessments.views.find import find_questionnaire
from foundation.downloads import download
from projects.permissions import Permission, allows
from projects.views.find import find_project
from reports.actions import copies as actions
from reports.forms.copies import CopyForm
from reports.forms.imports import UploadForm
from reports.models import Copy, Import


def find_copy(request: HttpRequest, project_id: uuid.UUID, copy_id: uuid.UUID) -> Copy:
    """One's own copy; that of another person does not exist."""
    project = find_project(request, project_id)
    found = Copy.objects.visible_to(request.user, project).select_related("job", "file", "section", "sheet__instrument")
    copy = get_object_or_404(found, public_id=copy_id)
    copy.sheet.project = project
    return copy


@never_cache
@require_safe
def copies(request: HttpRequest, project_id: uuid.UUID) -> HttpResponse:
    sheet = find_questionnaire(request, project_id, Permission.READ_ANSWERS)
    return copies_page(request, sheet)


def copies_page(
    request: HttpRequest, sheet: AnswerSheet, *, form: CopyForm | None = None, status: int = 200, **more: Any
) -> HttpResponse:
    own = Copy.objects.visible_to(request.user, sheet.project).select_related("job", "file", "section")
    made = list(own.order_by("-requested_at", "-pk")[:20])
    for copy in made:
        copy.sheet = sheet
    reader_language = translation.get_language()
    may_answer = allows(request.user, Permission.ANSWER, sheet.project)
    context: dict[str, Any] = {
        "project": sheet.project, "sheet": sheet, "tab": "questionnaire", "copies": made, "may_answer": may_answer,
        "may_bring": may_answer and sheet.project.is_running and sheet.is_open,
        "imports": Import.objects.visible_to(request.user, sheet.project).order_by("-read_at", "-pk")[:5],
        "upload": UploadForm(sheet=sheet),
        "form": form or CopyForm(sheet=sheet, initial={"language": reader_language}), **more,
    }  # fmt: skip
    return render(request, "reports/copies/copies.html", context, status=status)


@require_POST
def copy_request(request: HttpRequest, project_id: uuid.UUID) -> HttpResponse:
    sheet = find_questionnaire(request, project_id, Permission.READ_ANSWERS)
    form = CopyForm(request.POST, sheet=sheet)
    if not form.is_valid():
        return copies_page(request, sheet, form=form, status=422)
    actions.request_copy(sheet, by=request.user, **form.cleaned_data)
    return redirect(reverse("reports:copies", args=[project_id]) + "#files")


@never_cache
@require_safe
def copy_progress(request: HttpRequest, project_id: uuid.UUID, copy_id: uuid.UUID) -> HttpResponse:
    """One file as it stands: a fragment that asks for itself again until the file is made or failed."""
    copy = find_copy(request, project_id, copy_id)
    return render(request, "reports/copies/_copy.html", {"project": copy.sheet.project, "copy": copy})


@require_safe
def copy_file(request: HttpRequest, project_id: uuid.UUID, copy_id: uuid.UUID) -> FileResponse:
    copy = find_copy(request, project_id, copy_id)
    return download(copy.file, name=copy.file_name)

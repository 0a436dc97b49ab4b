"""Bringing a spreadsheet back: read it, look at each change, take over what is wanted."""

import hashlib
import re
import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from assessments.views.find import find_questionnaire, institution_of
from foundation import files
from projects.permissions import Permission, allows, require
from reports.actions import imports as actions
from reports.actions.imports import Change
from reports.forms.imports import UploadForm, WhoseForm
from reports.models import Import
from reports.views.copies import copies_page


def find_import(request: HttpRequest, project_id: uuid.UUID, import_id: uuid.UUID) -> Import:
    """One's own spreadsheet; that of another person does not exist."""
    sheet = find_questionnaire(request, project_id, Permission.ANSWER)
    brought = get_object_or_404(Import.objects.visible_to(request.user, sheet.project), public_id=import_id)
    brought.sheet = sheet
    return brought


@require_POST
def import_read(request: HttpRequest, project_id: uuid.UUID) -> HttpResponse:
    sheet = find_questionnaire(request, project_id, Permission.ANSWER)
    upload = UploadForm(request.POST, request.FILES, sheet=sheet)
    if not upload.is_valid() and "file" in files.left_out(request):
        upload.add_error("file", gettext("The file could not be stored. Tell the administrator, and try again later."))
    if not upload.is_valid():
        return copies_page(request, sheet, upload=upload, status=422)
    brought = actions.keep_import(
        sheet, name=upload.name, sha256=hashlib.sha256(upload.cleaned_data["file"]).hexdigest(),
        language=upload.brought.language, rows=upload.rows(), by=request.user,
    )  # fmt: skip
    return redirect("reports:import_review", project_id, brought.public_id)


@never_cache
@require_safe
def import_review(request: HttpRequest, project_id: uuid.UUID, import_id: uuid.UUID) -> HttpResponse:
    brought = find_import(request, project_id, import_id)
    leads = allows(request.user, Permission.LEAD_TEAM, brought.sheet.project)
    return _review_page(request, brought, WhoseForm(own=institution_of(request, brought.sheet)) if leads else None)


def _review_page(request: HttpRequest, brought: Import, whose: WhoseForm | None, status: int = 200) -> HttpResponse:
    found = actions.differences(brought, request.user)
    counts = [(change, sum(difference.change is change for difference in found)) for change in Change]
    context = {
        "project": brought.sheet.project, "sheet": brought.sheet, "tab": "questionnaire", "import": brought,
        "to_choose": [difference for difference in found if difference.is_to_choose],
        "refused": [difference for difference in found if not difference.is_to_choose],
        "counts": {change.value: count for change, count in counts},
        "may_accept": brought.sheet.project.is_running and brought.sheet.is_open, "whose": whose,
    }  # fmt: skip
    return render(request, "reports/copies/import_review.html", context, status=status)


@require_POST
def import_accept(request: HttpRequest, project_id: uuid.UUID, import_id: uuid.UUID) -> HttpResponse:
    brought = find_import(request, project_id, import_id)
    seen = {code: request.POST.get(f"{code}:seen", "") for code in request.POST.getlist("take")}
    chosen = {code: int(number) for code, number in seen.items() if re.fullmatch("[0-9]{1,9}", number)}
    own = institution_of(request, brought.sheet)
    whose = WhoseForm(request.POST, own=own)
    if not whose.is_valid():
        return _review_page(request, brought, whose, status=422)
    if other := whose.cleaned_data["institution"]:
        require(request.user, Permission.LEAD_TEAM, brought.sheet.project)
    done = actions.accept(brought, chosen, by=request.user, institution=other or own, is_on_behalf=bool(other))
    if done.saved:
        count = len(done.saved)
        words = ngettext("%(count)s answer was taken over.", "%(count)s answers were taken over.", count)
        messages.success(request, words % {"count": count})
    if done.overtaken:
        words = gettext(
            "Someone else was faster with %(codes)s. Nothing was replaced: look at these answers once more."
        )
        messages.warning(request, words % {"codes": ", ".join(done.overtaken)})
    if not chosen:
        messages.info(request, gettext("Nothing was ticked, and nothing was changed."))
    return redirect("reports:import_review", project_id, import_id)

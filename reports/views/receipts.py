"""The receipt of a submission: ask for it in one's language, watch, download."""

import uuid

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from assessments.models import Submission
from foundation.downloads import download
from foundation.languages import active_language
from projects.models import Project
from projects.permissions import Permission, require
from projects.views.find import find_project
from reports.actions import receipts as actions
from reports.models import Receipt, languages_of
from toolkit.models import Audience


def find_submission(request: HttpRequest, project_id: uuid.UUID, number: int) -> Submission:
    """A signed state of the national questionnaire, for who may read its answers."""
    project = find_project(request, project_id)
    require(request.user, Permission.READ_ANSWERS, project)
    submissions = Submission.objects.filter(sheet__project=project, sheet__instrument__audience=Audience.NATIONAL)
    submission = get_object_or_404(submissions.select_related("sheet__instrument", "request"), number=number)
    submission.sheet.project = project
    return submission


def language_for(project: Project) -> str:
    """The reader's; the project's where the framework has no texts in that."""
    language = active_language()
    return language if language in languages_of(project.framework) else project.language


@never_cache
@require_safe
def receipt(request: HttpRequest, project_id: uuid.UUID, number: int) -> HttpResponse:
    submission = find_submission(request, project_id, number)
    return render(request, "reports/receipts/receipt.html", _page(request, submission))


def _page(request: HttpRequest, submission: Submission) -> dict[str, object]:
    project = submission.sheet.project
    made = Receipt.objects.visible_to(request.user, project).select_related("job", "file")
    receipt = made.filter(submission=submission, language=language_for(project)).first()
    return {"project": project, "tab": "questionnaire", "submission": submission, "receipt": receipt}


@never_cache
@require_safe
def receipt_progress(request: HttpRequest, project_id: uuid.UUID, number: int) -> HttpResponse:
    """A fragment that asks for itself again until the receipt is made or failed."""
    submission = find_submission(request, project_id, number)
    return render(request, "reports/receipts/_receipt.html", _page(request, submission))


@require_POST
def receipt_request(request: HttpRequest, project_id: uuid.UUID, number: int) -> HttpResponse:
    submission = find_submission(request, project_id, number)
    actions.request_receipt(submission, language_for(submission.sheet.project), by=request.user)
    messages.success(request, gettext("The receipt is being made. It will be on this page in a moment."))
    return redirect("reports:receipt", project_id, number)


@require_safe
def receipt_file(request: HttpRequest, project_id: uuid.UUID, receipt_id: uuid.UUID) -> FileResponse:
    project = find_project(request, project_id)
    require(request.user, Permission.READ_ANSWERS, project)
    made = Receipt.objects.visible_to(request.user, project).select_related("file", "submission__sheet")
    receipt = get_object_or_404(made, public_id=receipt_id)
    receipt.submission.sheet.project = project
    return download(receipt.file, name=receipt.file_name)

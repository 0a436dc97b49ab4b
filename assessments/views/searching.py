"""Finding questions of the questionnaire, and saying that one has seen what changed."""

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from assessments.actions import teamwork as actions
from assessments.searching import search
from assessments.views.find import find_questionnaire
from projects.permissions import Permission

LONGEST = 200  # characters one looks for


@never_cache
@require_safe
def questions_find(request: HttpRequest, project_id: uuid.UUID) -> HttpResponse:
    sheet = find_questionnaire(request, project_id, Permission.READ_ANSWERS)
    words = request.GET.get("q", "").strip()[:LONGEST]
    return render(
        request,
        "assessments/questions_find.html",
        {
            "project": sheet.project,
            "tab": "questionnaire",
            "sheet": sheet,
            "words": words,
            "search": (found := search(sheet, request.user, show=request.GET.get("show", ""), words=words)),
            "show": next(entry.name for entry in found.filters if entry.is_chosen),
            "now": timezone.now().isoformat(),
        },
    )


@require_POST
def questions_seen(request: HttpRequest, project_id: uuid.UUID) -> HttpResponse:
    """The reader has seen what others changed until the page was made; what came since stays new."""
    sheet = find_questionnaire(request, project_id, Permission.READ_ANSWERS)
    try:
        until = parse_datetime(request.POST.get("until", ""))
    except ValueError:
        until = None
    actions.see_changes(sheet, until=until, by=request.user)
    messages.success(request, gettext("What others save from now on is listed as changed."))
    return redirect(reverse("assessments:questions_find", args=[project_id]) + "?show=changed")

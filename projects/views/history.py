"""What happened in a project, newest first."""

import uuid

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from projects import events
from projects.models import Project
from projects.permissions import Permission, require

PER_PAGE = 50


@require_safe
def history(request: HttpRequest, project_id: uuid.UUID) -> HttpResponse:
    project = get_object_or_404(
        Project.objects.visible_to(request.user).select_related("country"), public_id=project_id
    )
    require(request.user, Permission.READ_TEAM, project)
    page = Paginator(events.readable_events(project, request.user), PER_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "projects/history.html",
        {"project": project, "tab": "history", "page": page, "entries": events.entries(page.object_list)},
    )

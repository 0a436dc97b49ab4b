"""What happened in a project, newest first."""

import uuid

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from projects import events
from projects.permissions import Permission, require
from projects.views.find import find_project

PER_PAGE = 50


@require_safe
def history(request: HttpRequest, project_id: uuid.UUID) -> HttpResponse:
    project = find_project(request, project_id)
    require(request.user, Permission.READ_TEAM, project)
    page = Paginator(events.readable_events(project, request.user), PER_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "projects/history.html",
        {"project": project, "tab": "history", "page": page, "entries": events.entries(page.object_list)},
    )

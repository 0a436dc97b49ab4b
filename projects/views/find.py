"""Looking up the project of an address: what a person may not see does not exist."""

import uuid

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from projects.models import Project


def find_project(request: HttpRequest, project_id: uuid.UUID) -> Project:
    """The project with what the frame of its pages shows. Raises Http404 where the reader may not see it."""
    visible = Project.objects.visible_to(request.user).select_related("country", "operator", "framework", "manager")
    return get_object_or_404(visible, public_id=project_id)

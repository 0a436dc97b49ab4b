"""Creating a project whole: the project, and the sheets its people fill in."""

from typing import Any

from django.db import transaction

from assessments.actions.sheets import open_sheets
from projects.actions.projects import create_project
from projects.models import Project


@transaction.atomic
def start_project(*, by: Any, **fields: Any) -> Project:
    """Create the project (fields: see `projects.actions.projects.create_project`) and open its sheets."""
    project = create_project(by=by, **fields)
    open_sheets(project)
    return project

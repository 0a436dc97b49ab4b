"""Creating a project whole: the project, and the sheets its people fill in."""

from typing import Any

from django.db import transaction

from assessments import outline
from assessments.actions.others import previous_submission, take_over
from assessments.actions.sheets import open_sheets
from projects.actions.projects import create_project
from projects.models import Project


@transaction.atomic
def start_project(*, by: Any, **fields: Any) -> Project:
    """Create the project (fields: see `projects.actions.projects.create_project`) and open its sheets.

    What the operator signed in an earlier round is proposed at once: the country is not asked again what is known, and
    a proposal counts only once it is confirmed.
    """
    project = create_project(by=by, **fields)
    open_sheets(project)
    if submission := previous_submission(project):
        sheet = outline.national_sheet(project)
        sheet.project = project
        take_over(sheet, submission, by=by)
    return project

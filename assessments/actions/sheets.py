"""Opening a project's sheets, and holding one while it changes."""

from django.db import transaction

from assessments.models import AnswerSheet, SheetSection
from assessments.progress import recount
from projects.models import Project


@transaction.atomic
def open_sheets(project: Project) -> None:
    """One sheet for each instrument of the project's framework, with its sections and counters."""
    for instrument in project.framework.instruments.order_by("position"):
        instrument.framework = project.framework
        sheet = AnswerSheet.objects.create(project=project, instrument=instrument)
        SheetSection.objects.bulk_create(
            SheetSection(sheet=sheet, section=section) for section in instrument.sections.order_by("position")
        )
        recount(sheet, [])


def lock_sheet(sheet: AnswerSheet) -> AnswerSheet:
    """The sheet's row, locked, with its project as it is after the wait; call inside a transaction."""
    locked = AnswerSheet.objects.select_for_update().get(pk=sheet.pk)
    locked.project = Project.objects.get(pk=locked.project_id)
    locked.instrument = sheet.instrument
    return locked

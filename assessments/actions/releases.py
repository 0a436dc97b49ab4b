"""Releasing the levels to the country («remise au pays»)."""

import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assessments import notifications, outline
from assessments.desk import criteria_without_level as _criteria_without_level
from assessments.desk import is_reviewable
from assessments.models import AnswerSheet
from projects.models import MoveNotAllowed, Project, ProjectStatus, log
from toolkit.models import Audience, Question


def criteria_without_level(project: Project) -> list[Question]:
    """What the release would leave without a validated level, in order: a warning, not a refusal."""
    return _criteria_without_level(outline.national_sheet(project))


@transaction.atomic
def release_levels(project: Project, *, by: Any, on: datetime.date, show_overall: bool) -> None:
    """Give the country its levels, dated `on`; from now on they are frozen. One guarded UPDATE.

    Raises MoveNotAllowed when they were released already, the project is not running, or nothing was signed.
    """
    # Every sheet is locked, the checklist too: a save that holds one ends before the release, a later one sees it.
    sheets = AnswerSheet.objects.select_for_update(of=("self",)).select_related("instrument").filter(project=project)
    national = next(sheet for sheet in sheets.order_by("pk") if sheet.instrument.audience == Audience.NATIONAL)
    if not is_reviewable(national):
        raise MoveNotAllowed(
            _("The questionnaire is with the national team. Levels can be released once it is signed.")
        )
    released = Project.objects.filter(pk=project.pk, released_at__isnull=True, status=ProjectStatus.RUNNING).update(
        released_at=timezone.now(), released_by=by, released_on=on, show_overall=show_overall
    )
    if not released:
        raise MoveNotAllowed(_("The levels were released already, or the project is not running."))
    project.refresh_from_db()
    log(project, "levels_released", by=by, on=on.isoformat(), show_overall=show_overall)
    notifications.tell_released(project, by=by)

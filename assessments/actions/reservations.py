"""The country's word on a validated level that differs from its own (METHODOLOGY 5.7)."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assessments.desk import differs
from assessments.models import Answer, Reservation, ReservationKind, ValidatedLevel
from projects.models import MoveNotAllowed, Project, log


def can_be_answered(project: Project) -> bool:
    """The country answers what it was given, while the project runs."""
    return project.is_running and project.is_released


@transaction.atomic
def respond(decision: ValidatedLevel, *, kind: str, text: str, by: Any, language: str) -> Reservation:
    """Acknowledge the experts' reason or enter a reservation; the country may change its word while the project runs.

    Raises MoveNotAllowed before the release, when the project is not running, and where nothing differs.
    """
    project = Project.objects.select_for_update().get(pk=decision.sheet.project_id)
    if not can_be_answered(project):
        raise MoveNotAllowed(_("The country can respond once the levels are released, while the project is running."))
    answer = Answer.objects.filter(sheet=decision.sheet_id, question=decision.question_id).first()
    if not differs(answer, decision):
        raise MoveNotAllowed(_("The experts confirmed the country’s own answer here: there is nothing to respond to."))
    is_reservation = kind == ReservationKind.RESERVATION
    response, _created = Reservation.objects.update_or_create(
        validated_level=decision,
        defaults={
            "kind": kind,
            "text": text if is_reservation else "",
            "language": language if is_reservation else "",
            "by": by,
            "at": timezone.now(),
        },
    )
    log(
        project,
        "reservation_entered" if is_reservation else "difference_acknowledged",
        by=by,
        question=decision.question.code,
    )
    return response

"""When the experts and the IB may write: one rule for observations, recommendations, strategy and sources."""

from django.utils.translation import gettext_lazy as _

from projects.models import MoveNotAllowed, Project


def can_be_written(project: Project) -> bool:
    """While the project runs and until its levels were released: what the country was given stays as it is."""
    return project.is_running and not project.is_released


def refuse_when_closed(project: Project) -> None:
    """Raises MoveNotAllowed, with the reason, when nothing can be written any more."""
    if not project.is_running:
        raise MoveNotAllowed(_("The project is not running, so nothing can be changed here."))
    if project.is_released:
        raise MoveNotAllowed(_("The findings were released to the country and can no longer be changed."))


def locked_for_writing(project: Project) -> Project:
    """The project's row, locked for this transaction. Raises MoveNotAllowed when nothing can be written any more."""
    locked = Project.objects.select_for_update().get(pk=project.pk)
    refuse_when_closed(locked)
    return locked

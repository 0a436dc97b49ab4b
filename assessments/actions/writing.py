"""When the experts and the IB may write, and that nobody writes over a colleague's text without having read it."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from projects.models import MoveNotAllowed, Project


def can_be_written(project: Project) -> bool:
    """While the project runs and until its levels were released: what the country was given stays as it is."""
    return project.is_running and not project.is_released


def refuse_when_closed(project: Project) -> None:
    """Raises MoveNotAllowed, with the reason, when nothing can be written any more."""
    project.require_running()
    if project.is_released:
        raise MoveNotAllowed(_("The findings were released to the country and can no longer be changed."))


def locked_for_writing(project: Project) -> Project:
    """The project's row, locked for this transaction. Raises MoveNotAllowed when nothing can be written any more."""
    locked = Project.objects.select_for_update().get(pk=project.pk)
    refuse_when_closed(locked)
    return locked


# ── Two people at the same text ──────────────────────────────────────────────


def stamp(at: datetime.datetime | None) -> str:
    """When a row was saved, to the microsecond, as forms carry it; "" for a row that is not there yet."""
    return at.isoformat() if at else ""


@dataclass(frozen=True)
class Seen:
    """What the author of a form had before them."""

    at: str = ""  # the row's `stamp`
    is_replacing: bool = False  # someone else's text was shown beside theirs, and they save again


@dataclass(frozen=True)
class Standing:
    """A row as it stands under the lock, by whom and when it was saved."""

    row: Any
    by: Any
    at: datetime.datetime

    def says(self, content: Mapping[str, Any]) -> bool:
        """Whether it says this already, by the names of its fields; a browser's line ends are no difference."""
        return all(_plain(getattr(self.row, name)) == _plain(value) for name, value in content.items())

    def gives_way(self, *, by: Any, seen: Seen | None) -> bool:
        """Whether someone else's text is replaced by a person who was shown it; the history then keeps it.

        Raises WrittenMeanwhile when they had not seen it. Without `seen` no form was filled in: nothing to compare.
        """
        if self.by == by or seen is None:
            return False
        if seen.at != stamp(self.at):
            raise WrittenMeanwhile(self)
        return seen.is_replacing


class WrittenMeanwhile(MoveNotAllowed):
    """Someone else saved something different after what the author had seen; nothing was overwritten."""

    def __init__(self, *standing: Standing) -> None:
        super().__init__(_("Someone else saved this while you were writing, so yours is not saved yet."))
        self.standing = standing


def _plain(value: Any) -> Any:
    return value.replace("\r\n", "\n") if isinstance(value, str) else value


def joined(*texts: str) -> str:
    """The texts of a row as the history keeps them, one after the other."""
    return "\n\n".join(text for text in texts if text)

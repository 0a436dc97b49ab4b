"""What is planned for a project: the visit, when steps are due, until when experts have access. Plain values."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext, ngettext

PREPARED_BEFORE_VISIT = datetime.timedelta(days=14)
FIRST_REPORT_AFTER_VISIT = datetime.timedelta(days=60)
LAST_REPORT_AFTER_VISIT = datetime.timedelta(days=240)
ACCESS_AFTER_VISIT = datetime.timedelta(days=60)
ACCESS_WITHOUT_VISIT = datetime.timedelta(days=365)


@dataclass(frozen=True)
class VisitDates:
    starts_on: datetime.date
    ends_on: datetime.date
    place: str = ""

    @property
    def days(self) -> int:
        return (self.ends_on - self.starts_on).days + 1


@dataclass(frozen=True)
class Guest:
    """A person to invite into the team."""

    name: str
    email: str


def due_dates(
    phases: Sequence[str], questionnaire_due: datetime.date | None, visit: VisitDates | None
) -> list[datetime.date | None]:
    """A date for each step, given the steps' phases in order; None where nothing is known yet.

    The first step is the questionnaire; the other preparatory ones end a fortnight before the visit. The visit's days
    are shared among the on-site steps. Follow-up: the first report two months after the visit, the last one eight.
    """
    dates: list[datetime.date | None] = []
    for position, phase in enumerate(phases):
        place, steps = phases[:position].count(phase), phases.count(phase)
        if position == 0:
            dates.append(questionnaire_due)
        elif visit is None:
            dates.append(None)
        elif phase == "preparatory":
            prepared = visit.starts_on - PREPARED_BEFORE_VISIT
            dates.append(max(prepared, questionnaire_due) if questionnaire_due else prepared)
        elif phase == "on_site":
            dates.append(visit.starts_on + datetime.timedelta(days=-(-visit.days * (place + 1) // steps) - 1))
        else:
            share = place / (steps - 1) if steps > 1 else 0
            span = (LAST_REPORT_AFTER_VISIT - FIRST_REPORT_AFTER_VISIT).days
            dates.append(visit.ends_on + FIRST_REPORT_AFTER_VISIT + datetime.timedelta(days=round(share * span)))
    return dates


def experts_until(visit: VisitDates | None, today: datetime.date) -> datetime.date:
    """The last day of an expert's access: 60 days after the visit; a year from now when there is no visit to come."""
    end = visit.ends_on + ACCESS_AFTER_VISIT if visit else today
    return end if end > today else today + ACCESS_WITHOUT_VISIT


def visit_warning(days: int | None) -> str:
    """A sentence when the visit is outside the method's three to five days; "" otherwise, or without a visit."""
    if days is None or 3 <= days <= 5:
        return ""
    return ngettext(
        "The visit is planned for %(days)s day. The method has three to five days on site.",
        "The visit is planned for %(days)s days. The method has three to five days on site.",
        days,
    ) % {"days": days}


def experts_warning(experts: int) -> str:
    """A sentence when the team is outside the method's two or three experts; "" otherwise."""
    if 2 <= experts <= 3:
        return ""
    if not experts:
        return gettext("No expert is in the team or invited. The method has two or three experts.")
    return ngettext(
        "The team has %(experts)s expert, invitations included. The method has two or three experts.",
        "The team has %(experts)s experts, invitations included. The method has two or three experts.",
        experts,
    ) % {"experts": experts}

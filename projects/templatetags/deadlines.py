"""Dates with their distance from today, in words."""

import datetime

from django import template
from django.utils import timezone
from django.utils.translation import gettext, ngettext

register = template.Library()


@register.filter
def distance(day: datetime.date | None) -> str:
    """How far a deadline is from the reader's today: "today", "tomorrow", "in 10 days", "3 days late"."""
    if day is None:
        return ""
    days = (day - timezone.localdate()).days
    if days == 0:
        return gettext("today")
    if days == 1:
        return gettext("tomorrow")
    if days > 0:
        return ngettext("in %(days)s day", "in %(days)s days", days) % {"days": days}
    return ngettext("%(days)s day late", "%(days)s days late", -days) % {"days": -days}


@register.filter
def elapsed(day: datetime.date) -> str:
    """How long something has waited since a day that is over: "today", "yesterday", "12 days ago"."""
    days = (timezone.localdate() - day).days
    if days <= 0:
        return gettext("today")
    if days == 1:
        return gettext("yesterday")
    return ngettext("%(days)s day ago", "%(days)s days ago", days) % {"days": days}


@register.filter
def is_late(day: datetime.date | None) -> bool:
    return day is not None and day < timezone.localdate()

"""Sharing the questionnaire out among the national team."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from assessments import notifications
from assessments.actions.sheets import lock_sheet
from assessments.models import AnswerSheet, SectionAssignment, SheetSection, SheetVisit
from projects.models import Membership, log
from toolkit.models import Section


@dataclass(frozen=True)
class Assigned:
    """Who answers a section, until when; `member` None: whoever of the institution."""

    institution: str
    member: Membership | None = None
    due_on: datetime.date | None = None


@transaction.atomic
def assign_sections(sheet: AnswerSheet, wanted: Mapping[Section, Assigned | None], *, by: Any) -> list[Section]:
    """Say for each of these sections who answers it (None: nobody in particular); the sections that changed.

    Those who have a section that they did not have are written to, once, however many sections it is.
    Raises MoveNotAllowed where the project is not running.
    """
    locked = lock_sheet(sheet)
    locked.project.require_running()
    rows = SheetSection.objects.filter(sheet=locked).select_related("assignment__member__user").order_by("pk")
    changed: list[Section] = []
    added: list[SectionAssignment] = []
    for row in rows:
        section = next((section for section in wanted if section.pk == row.section_id), None)
        if section is None:
            continue
        stood, now = as_assigned(getattr(row, "assignment", None)), wanted[section]
        if stood == now:
            continue
        changed.append(section)
        SectionAssignment.objects.filter(sheet_section=row).delete()
        if now:
            row.section = section
            assignment = SectionAssignment.objects.create(
                sheet_section=row, institution=now.institution, member=now.member, due_on=now.due_on,
                at=timezone.now(), by=by,
            )  # fmt: skip
            if stood is None or (stood.institution, stood.member) != (now.institution, now.member):
                added.append(assignment)
    if changed:
        log(locked.project, "sections_assigned", by=by, sections=[section.code for section in changed])
    notifications.tell_assigned(locked, added, by=by)
    return changed


def see_changes(sheet: AnswerSheet, *, until: datetime.datetime | None, by: Any) -> None:
    """The person has seen what others saved until then; never later than now."""
    now = timezone.now()
    is_moment = until is not None and timezone.is_aware(until) and until.year > 1  # before that, some zones have no day
    seen_at = min(until, now) if until and is_moment else now
    SheetVisit.objects.update_or_create(sheet=sheet, user=by, defaults={"seen_at": seen_at})


def as_assigned(row: SectionAssignment | None) -> Assigned | None:
    return Assigned(row.institution, row.member, row.due_on) if row else None

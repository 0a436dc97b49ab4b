"""Who answers which section: one form for the whole questionnaire."""

import datetime
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from assessments.actions.teamwork import Assigned
from assessments.models import NATIONAL_INSTITUTIONS, SectionAssignment
from assessments.outline import SectionEntry
from foundation.languages import active_language
from projects.forms.requests import date_input, plausible
from projects.models import Membership
from toolkit.models import Section


@dataclass(frozen=True)
class Row:
    """A section of the form: its three fields, and which institutions usually know its answers."""

    section: Section
    usually: list[str]
    institution: forms.BoundField
    member: forms.BoundField
    due_on: forms.BoundField

    @property
    def errors(self) -> list[str]:
        return [error for field in (self.institution, self.member, self.due_on) for error in field.errors]


class AssignForm(forms.Form):
    """Institution, person and day for each section; a person alone brings their institution along.

    `shown` says which state the page showed: what someone else said meanwhile is never overwritten unseen.
    """

    shown = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, entries: Sequence[SectionEntry], members: Sequence[Membership],
        usually: Mapping[str, list[str]], **kwargs: Any,
    ) -> None:  # fmt: skip
        self.entries, self.usually = entries, usually
        self.members = {str(member.public_id): member for member in members}
        self.state = state_of(entries)
        super().__init__(*args, initial={"shown": self.state}, **kwargs)
        institutions = [("", _("Nobody yet")), *((place.value, place.label) for place in NATIONAL_INSTITUTIONS)]
        people = [("", _("Anyone there")), *((key, member.user.name) for key, member in self.members.items())]
        for entry in entries:
            self._add_row(entry, institutions, people)

    def _add_row(self, entry: SectionEntry, institutions: list[Any], people: list[Any]) -> None:
        code, row = entry.section.code, entry.assignment
        member = row.member if row else None
        if member:  # by any of their roles
            member = next((one for one in self.members.values() if one.user_id == member.user_id), member)
        if member and str(member.public_id) not in self.members:
            self.members[str(member.public_id)] = member
            ended = gettext("%(name)s (access has ended)") % {"name": member.user.name}
            people = [*people, (str(member.public_id), ended)]
        self.fields[f"{code}:institution"] = forms.ChoiceField(
            label=_("Institution"), choices=institutions, required=False, initial=row.institution if row else "",
            widget=forms.Select(attrs={"class": "form-select", **named(_("Institution"), entry.section)}),
        )  # fmt: skip
        self.fields[f"{code}:member"] = forms.ChoiceField(
            label=_("Person"), choices=people, required=False,
            initial=str(member.public_id) if member else "",
            widget=forms.Select(attrs={"class": "form-select", **named(_("Person"), entry.section)}),
        )  # fmt: skip
        day = date_input()
        day.attrs |= {"class": "form-control", **named(_("Due on"), entry.section)}
        self.fields[f"{code}:due_on"] = forms.DateField(
            label=_("Due on"), required=False, widget=day, validators=[plausible], initial=row.due_on if row else None
        )

    def rows(self) -> list[Row]:
        return [
            Row(entry.section, self.usually[entry.section.code], *(self[name] for name in names(entry.section)))
            for entry in self.entries
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for entry in self.entries:
            institution, member, due_on = names(entry.section)
            if cleaned.get(due_on) and not cleaned.get(institution) and not cleaned.get(member):
                self.add_error(due_on, _("Choose who answers this section, or clear the date."))
            stood = entry.assignment.due_on if entry.assignment else None
            if due_on in cleaned and is_over(cleaned[due_on]) and cleaned[due_on] != stood:
                self.add_error(due_on, _("This day is over. Give today or a later day."))
        if not self.errors and cleaned.get("shown") != self.state:
            self.add_error(
                None,
                _(
                    "Someone else changed who answers which section while you were choosing. Look at the table once "
                    "more: it shows your choices. Saving again replaces theirs."
                ),
            )
            self.data = self.data.copy()
            self.data["shown"] = self.state
        return cleaned

    @property
    def wanted(self) -> dict[Section, Assigned | None]:
        return {entry.section: self._wanted(entry.section) for entry in self.entries}

    def _wanted(self, section: Section) -> Assigned | None:
        place, person, due_on = (self.cleaned_data[name] for name in names(section))
        member = self.members.get(person)
        institution = place or (member.institution if member else "")
        return Assigned(institution, member, due_on) if institution else None


def names(section: Section) -> tuple[str, str, str]:
    return f"{section.code}:institution", f"{section.code}:member", f"{section.code}:due_on"


def named(label: Any, section: Section) -> dict[str, str]:
    """A field's name aloud, with its section: the table's head names it for the eyes."""
    return {"aria-label": f"{label} – {section.name.in_(active_language())}"}


def is_over(day: datetime.date | None) -> bool:
    return day is not None and day < timezone.localdate()


def state_of(entries: Sequence[SectionEntry]) -> str:
    """The same for the same assignments, so that a page that shows others is told."""
    rows: list[SectionAssignment | None] = [entry.assignment for entry in entries]
    said = [(row.institution, row.member_id, str(row.due_on)) if row else None for row in rows]
    return hashlib.sha256(repr(said).encode()).hexdigest()[:16]

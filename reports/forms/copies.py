"""Which copy of the questionnaire a person wants."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from assessments.models import AnswerSheet
from assessments.outline import structure
from foundation.languages import active_language
from reports.forms.reports import language_choices
from reports.models import CopyFormat
from toolkit.models import Section

BLANK, FILLED = "blank", "filled"


class CopyForm(forms.Form):
    format = forms.ChoiceField(label=_("Which file?"), choices=CopyFormat.choices, initial=CopyFormat.XLSX)
    part = forms.ChoiceField(label=_("Which sections?"), required=False)
    content = forms.ChoiceField(
        label=_("With the answers?"),
        choices=[(FILLED, _("With the answers so far")), (BLANK, _("Blank"))],
        help_text=_("A spreadsheet always holds the answers so far."),
    )
    language = forms.ChoiceField(label=_("In which language?"))

    def __init__(self, *args: Any, sheet: AnswerSheet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.whole = structure(sheet.instrument)
        parts = [(part.code, _name(part)) for part in self.whole.sections]
        self.fields["part"].choices = [("", _("The whole questionnaire")), *parts]  # type: ignore[attr-defined]
        self.fields["language"].choices = language_choices(sheet.project)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """In the words of the action: a section of the questionnaire, and whether it is filled."""
        given = super().clean() or {}
        return {
            "format": given.get("format"), "language": given.get("language"),
            "section": self.whole.section(given["part"]) if given.get("part") else None,
            "is_filled": given.get("content") == FILLED,
        }  # fmt: skip


def _name(part: Section) -> str:
    name = part.name.in_(active_language())
    return f"{part.code} {name}" if part.lever_id else name

"""The review of the strategy text, its aims, and the sources of the findings."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from assessments.actions.strategy import Review
from assessments.actions.writing import stamp
from assessments.forms.writing import RowForm, WrittenForm, text_field
from assessments.models import Source, StrategyAim, StrategyConclusion, StrategyReview
from projects.forms.requests import date_input

YES, NO = "yes", "no"


class ReviewForm(RowForm):
    has_text = forms.ChoiceField(
        label=_("Is there a text to review?"),
        required=False,
        choices=[("", _("Not said yet")), (YES, _("Yes, this one")), (NO, _("No, there is none"))],
        widget=forms.RadioSelect,
    )
    title = forms.CharField(label=_("Its title"), required=False, max_length=250)
    dated_on = forms.DateField(label=_("Its date"), required=False, widget=date_input())
    status = forms.CharField(
        label=_("Its status"),
        required=False,
        max_length=150,
        help_text=_("For example: approved by the board in March 2025; a draft; expired."),
    )
    findings = text_field(_("What the review found"), rows=8)
    conclusion = forms.ChoiceField(
        label=_("Conclusion"),
        required=False,
        choices=[("", _("Not decided yet")), *StrategyConclusion.choices],
        widget=forms.RadioSelect,
    )
    outline = text_field(
        _("Outline proposed for the strategy"),
        rows=10,
        help_text=_("One heading a line. The report prints it where a strategy is to be drawn up or revised."),
    )

    @staticmethod
    def as_written(row: StrategyReview) -> dict[str, Any]:
        return {
            "has_text": {True: YES, False: NO, None: ""}[row.has_text],
            "title": row.title,
            "dated_on": row.dated_on,
            "status": row.status,
            "findings": row.findings,
            "conclusion": row.conclusion,
            "outline": row.outline,
            "language": row.language,
            "seen_at": stamp(row.saved_at),
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("has_text") == YES and not cleaned.get("title") and "title" not in self.errors:
            self.add_error("title", gettext("Give the title of the text you reviewed."))
        if cleaned.get("has_text") == NO and cleaned.get("conclusion") == StrategyConclusion.MAINTAIN:
            self.add_error(
                "conclusion", gettext("Without a text there is nothing to maintain. Choose another conclusion.")
            )
        return cleaned

    @property
    def review(self) -> Review:
        """What was written, once the form is valid."""
        cleaned = self.cleaned_data
        return Review(**cleaned | {"has_text": {YES: True, NO: False}.get(cleaned["has_text"])})


class AimForm(RowForm):
    national_aim = text_field(_("National aim"), rows=3, required=True, missing=_("Write the national aim."))
    postal_aim = text_field(
        _("Postal aim that answers it"),
        rows=3,
        help_text=_("Leave it empty where the postal strategy says nothing of it."),
    )
    gap = text_field(_("Gap between the two"), rows=3)

    @staticmethod
    def as_written(row: StrategyAim) -> dict[str, Any]:
        return {
            "national_aim": row.national_aim,
            "postal_aim": row.postal_aim,
            "gap": row.gap,
            "language": row.language,
            "seen_at": stamp(row.saved_at),
        }


class SourceForm(WrittenForm):
    kind = forms.ChoiceField(label=_("What is it?"), choices=Source.Kind.choices, widget=forms.RadioSelect)
    title = forms.CharField(
        label=_("Name and function, or title"),
        max_length=250,
        error_messages={"required": _("Give the person’s name and function, or the document’s title.")},
    )
    detail = forms.CharField(label=_("Institution, or author and address"), required=False, max_length=250)
    dated_on = forms.DateField(label=_("Date"), required=False, widget=date_input())

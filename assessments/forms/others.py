"""What stands beside an answer: the source of a proposal, the reason of a differing view."""

from typing import ClassVar, Self

from django import forms
from django.utils.translation import gettext_lazy as _

from assessments.forms.writing import text_field
from assessments.models import OtherAnswer


class OtherForm(forms.Form):
    """Beside the question's own fields, whose names are forms/answers.py's. `SAID`: field → the row's."""

    SAID: ClassVar[dict[str, str]]

    @classmethod
    def of(cls, *standing: OtherAnswer) -> Self:
        """The form, filled in with what stands there."""
        return cls(initial={name: getattr(row, said) for row in standing[:1] for name, said in cls.SAID.items()})


class ProposalForm(OtherForm):
    SAID: ClassVar[dict[str, str]] = {"source": "grounds", "year": "year"}

    source = forms.CharField(
        label=_("Source"),
        max_length=500,
        help_text=_("For example: UPU postal statistics. The country reads it beside the proposal."),
        error_messages={"required": _("Say where this comes from, so that the country can check it.")},
    )
    year = forms.IntegerField(
        label=_("Year of the figure"),
        min_value=1950,
        max_value=2100,
        required=False,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )


class DifferingForm(OtherForm):
    SAID: ClassVar[dict[str, str]] = {"why": "grounds"}

    why = text_field(
        _("Why do you see it differently?"),
        rows=3,
        required=True,
        help_text=_("The coordinator, the experts and the International Bureau read it beside the answer."),
        missing=_("Say why, so that the experts can weigh both."),
    )

"""The country's word on a difference."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from assessments.forms.writing import WrittenForm, text_field
from assessments.models import ReservationKind


class ResponseForm(WrittenForm):
    kind = forms.ChoiceField(
        label=_("The country’s response"),
        choices=[
            (ReservationKind.ACKNOWLEDGED, _("We acknowledge the experts’ reason")),
            (ReservationKind.RESERVATION, _("We enter a reservation")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose one of the two.")},
    )
    text = text_field(_("Text of the reservation"), rows=6, help_text=_("Reports print it word for word."))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        is_reservation = cleaned.get("kind") == ReservationKind.RESERVATION
        if is_reservation and not cleaned.get("text") and "text" not in self.errors:
            self.add_error("text", gettext("Write the reservation: what do you see differently, and on what grounds?"))
        return cleaned

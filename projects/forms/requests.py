"""A country's request, and the filter of the list of requests."""

import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from foundation.languages import active_language
from projects.countries import choices_by_region
from projects.models import Country


def date_input() -> forms.DateInput:
    """The browser's own date field, which writes and reads ISO dates."""
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def plausible(day: datetime.date) -> None:
    """A year typed wrong (0026) is told, not computed with."""
    if not 2000 <= day.year <= 2100:
        raise ValidationError(_("Check the year of this date."))


class CountryField(forms.ChoiceField):
    """A country among those the person's grants cover, by region and by name in the reader's language."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"label": _("Country"), **kwargs})
        self.countries: dict[str, Country] = {}

    def offer_to(self, user: Any) -> None:
        self.countries = {country.code: country for country in Country.objects.covered_by(user).order_by("code")}
        language = active_language()
        self.choices = [("", _("Choose a country")), *choices_by_region(self.countries.values(), language)]

    def clean(self, value: Any) -> Country | None:
        return self.countries.get(super().clean(value))


class CountryForm(forms.Form):
    """Which country: the first step to a project without a request."""

    country = CountryField(help_text=_("The countries of your regions. Type the first letters to jump to a name."))

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["country"].offer_to(user)  # type: ignore[attr-defined]


class RequestForm(CountryForm):
    received_on = forms.DateField(label=_("Date received"), widget=date_input(), validators=[plausible])
    sender = forms.CharField(
        label=_("Sender"),
        max_length=200,
        help_text=_("Who wrote, and in which function. For example: Chief executive of the Post."),
    )
    note = forms.CharField(label=_("Note"), required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 4}))

    def clean_received_on(self) -> datetime.date:
        received_on: datetime.date = self.cleaned_data["received_on"]
        if received_on > timezone.localdate():
            raise ValidationError(_("This date is in the future. Give the day on which the request arrived."))
        return received_on

"""The filter of the portfolio; what it does not understand it leaves out."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from assessments.portfolio import Filters
from projects.models import Region
from toolkit.models import Phase


class FilterForm(forms.Form):
    text = forms.CharField(label=_("Country or operator"), required=False, max_length=100, widget=forms.SearchInput)
    region = forms.ChoiceField(label=_("Region"), required=False)
    phase = forms.ChoiceField(label=_("Phase"), required=False)
    mine = forms.ChoiceField(label=_("Manager"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["region"].choices = [("", _("Every region")), *Region.choices]  # type: ignore[attr-defined]
        self.fields["phase"].choices = [("", _("Every phase")), *Phase.choices]  # type: ignore[attr-defined]
        self.fields["mine"].choices = [("", _("Everyone")), ("me", _("Me"))]  # type: ignore[attr-defined]
        for field in self.fields.values():
            kind = "form-select" if isinstance(field, forms.ChoiceField) else "form-control"
            field.widget.attrs["class"] = kind

    @property
    def filters(self) -> Filters:
        self.is_valid()
        given = self.cleaned_data
        return Filters(
            text=given.get("text", ""), region=given.get("region", ""), phase=given.get("phase", ""),
            mine=given.get("mine") == "me",
        )  # fmt: skip

"""An institution's signature of its own sections."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from assessments.signatures import SignedSection

IS_OURS = _("I have read these answers. To my knowledge they are true, and I sign them in the name of my institution.")


class SectionsSignForm(forms.Form):
    """`read` says which state of which sections was read: "CODE=checksum" each."""

    name = forms.CharField(label=_("Your name"), max_length=150)
    function = forms.CharField(label=_("Your function"), max_length=150)
    read = forms.CharField(widget=forms.HiddenInput)
    agrees = forms.BooleanField(
        label=IS_OURS, error_messages={"required": _("Tick the statement to sign; without it nothing is signed.")}
    )

    @classmethod
    def for_reader(cls, user: Any, sections: Sequence[SignedSection]) -> "SectionsSignForm":
        read = " ".join(f"{section.entry.section.code}={section.sha256}" for section in sections)
        return cls(initial={"name": user.name, "read": read})

    @property
    def sections_read(self) -> dict[str, str]:
        pairs = (item.partition("=") for item in self.cleaned_data["read"].split())
        return {code: sha256 for code, _sign, sha256 in pairs}

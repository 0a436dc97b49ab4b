"""Signing and returning the questionnaire."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from assessments.models import AnswerSheet
from projects.forms.requests import date_input, plausible
from toolkit.models import Section


class SignForm(forms.Form):
    name = forms.CharField(label=_("Your name"), max_length=150)
    function = forms.CharField(
        label=_("Your function"), max_length=150, help_text=_("For example: chief executive of the Post.")
    )
    signed_on = forms.DateField(label=_("Date"), widget=date_input(), validators=[plausible])
    sent_at = forms.CharField(widget=forms.HiddenInput)  # which state was read: answers stand still since then
    agrees = forms.BooleanField(
        label=_(
            "I have read these answers. To my knowledge they are true, and I submit them in the name of my institution."
        ),
        error_messages={"required": _("Tick the statement to sign; without it nothing is submitted.")},
    )

    @classmethod
    def for_reader(cls, user: Any, sheet: AnswerSheet) -> "SignForm":
        return cls(
            initial={"name": user.name, "signed_on": timezone.localdate(), "sent_at": sheet.moved_at.isoformat()}
        )

    def clean_signed_on(self) -> Any:
        signed_on = self.cleaned_data["signed_on"]
        if signed_on > timezone.localdate():
            raise forms.ValidationError(_("The date lies in the future. Give the day you sign."))
        return signed_on

    @property
    def statement(self) -> str:
        """The sentence that was signed, in the signatory's language."""
        return gettext(
            "I have read these answers. To my knowledge they are true, and I submit them in the name of my institution."
        )


class TakeBackForm(forms.Form):
    comment = forms.CharField(
        label=_("What should the team complete?"),
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
    )

    def __init__(self, *args: Any, needs_comment: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["comment"].required = needs_comment
        self.fields["comment"].error_messages["required"] = _(
            "Say what the team should complete, so that it knows what to do."
        )


class ReturnForm(forms.Form):
    whole = forms.CharField(
        label=_("The whole questionnaire: what has to be completed?"),
        max_length=5000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, sections: Sequence[Section], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sections = sections
        for section in sections:
            self.fields[f"section-{section.pk}"] = forms.CharField(
                label=section.code, max_length=5000, required=False, widget=forms.Textarea(attrs={"rows": 2})
            )

    def rows(self) -> list[tuple[Section, Any]]:
        return [(section, self[f"section-{section.pk}"]) for section in self.sections]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not any(cleaned.values()) and not self.errors:
            raise forms.ValidationError(_("Write a comment for the whole questionnaire or for at least one section."))
        return cleaned

    @property
    def comments(self) -> dict[Section, str]:
        return {
            section: text for section in self.sections if (text := self.cleaned_data.get(f"section-{section.pk}", ""))
        }

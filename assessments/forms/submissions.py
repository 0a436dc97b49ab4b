"""Signing and returning the questionnaire."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assessments import values
from assessments.actions.submissions import Signature, send_in_paper
from assessments.forms.evidence import name_of, type_of
from assessments.models import AnswerSheet, Submission
from projects.forms.requests import date_input, plausible
from toolkit.models import Section

IS_TRUE = _(
    "I have read these answers. To my knowledge they are true, and I submit them in the name of my institution."
)
SCANS = ("application/pdf", "image/png", "image/jpeg")


class SendForm(forms.Form):
    """To the signatory; with the reason where answers are missing."""

    reason = forms.CharField(
        label=_("Why are answers missing?"),
        help_text=_("The signatory and the experts read it. For example: the regulator’s figures come in March."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say in a sentence why answers are missing; then send the questionnaire.")},
    )

    def __init__(self, *args: Any, is_complete: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_complete:
            del self.fields["reason"]


class SignatureForm(forms.Form):
    """Whose signature it is, of which day, and for whom where it is by delegation."""

    name = forms.CharField(label=_("Name"), max_length=150)
    function = forms.CharField(
        label=_("Function"), max_length=150, help_text=_("For example: chief executive of the Post.")
    )
    signed_on = forms.DateField(label=_("Date"), widget=date_input(), validators=[plausible])
    delegated_by = forms.CharField(
        label=_("Signed by delegation? For whom"),
        max_length=150,
        required=False,
        help_text=_("Name and function of the person whose signature it stands for. Leave it empty otherwise."),
    )
    delegation_ground = forms.CharField(
        label=_("On what ground"),
        max_length=300,
        required=False,
        help_text=_("The letter or the decree that allows it, with its date."),
    )

    def clean_signed_on(self) -> Any:
        signed_on = self.cleaned_data["signed_on"]
        if signed_on > timezone.localdate():
            raise forms.ValidationError(_("The date lies in the future. Give the day of the signature."))
        return signed_on

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        person, ground = cleaned.get("delegated_by"), cleaned.get("delegation_ground")
        if person and not ground and "delegation_ground" not in self.errors:
            self.add_error("delegation_ground", _("Say which letter or decree allows to sign for this person."))
        if ground and not person and "delegated_by" not in self.errors:
            self.add_error("delegated_by", _("Say for whom it was signed, or leave the ground empty too."))
        return cleaned

    @property
    def signature(self) -> Signature:
        """With the sentence that was signed, in the reader's language."""
        fields = ("name", "function", "signed_on", "delegated_by", "delegation_ground")
        return Signature(**{name: self.cleaned_data[name] for name in fields}, statement=str(IS_TRUE))


class SignForm(SignatureForm):
    """On the screen, by the signatory."""

    sent_at = forms.CharField(widget=forms.HiddenInput)  # which state was read: answers stand still since then
    agrees = forms.BooleanField(
        label=IS_TRUE,
        error_messages={"required": _("Tick the statement to sign; without it nothing is submitted.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label, self.fields["function"].label = _("Your name"), _("Your function")

    @classmethod
    def for_reader(cls, user: Any, sheet: AnswerSheet) -> "SignForm":
        return cls(
            initial={"name": user.name, "signed_on": timezone.localdate(), "sent_at": sheet.moved_at.isoformat()}
        )


class PaperForm(SignatureForm):
    """What was printed, signed and stamped, as a scan."""

    code = forms.CharField(
        label=_("Code on the paper"),
        max_length=20,
        help_text=_(
            "Eight letters and figures beside the signature, such as 3F2A-91C7. It says which answers were printed."
        ),
    )
    scan = forms.FileField(
        label=_("Scan of the signed page"),
        help_text=_("A PDF, or a photograph as PNG or JPEG. The page with signature and stamp is enough."),
    )
    field_order = ("scan", "code", "name", "function", "signed_on", "delegated_by", "delegation_ground")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label, self.fields["function"].label = _("Who signed: name"), _("Their function")
        self.fields["signed_on"].label = _("Date of the signature")
        self.fields["scan"].widget.attrs["accept"] = ",".join(SCANS)

    def clean_scan(self) -> Any:
        """The file under a name with the ending of what it holds."""
        upload = self.cleaned_data["scan"]
        try:
            self.content_type = type_of(upload)
        except values.ImpossibleValue as problem:
            raise forms.ValidationError(str(problem)) from problem
        if self.content_type not in SCANS:
            raise forms.ValidationError(_("A scan is a PDF, or a photograph as PNG or JPEG."))
        return upload

    def send(self, sheet: AnswerSheet, *, by: Any) -> Submission:
        """Raises NotStored, MoveNotAllowed."""
        upload = self.cleaned_data["scan"]
        return send_in_paper(
            sheet, self.signature, upload.chunks(), code=self.cleaned_data["code"],
            name=name_of(upload.name or "", self.content_type), content_type=self.content_type, by=by,
        )  # fmt: skip


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

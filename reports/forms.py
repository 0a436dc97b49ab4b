"""Asking for a document, releasing, and the texts that experts write."""

import datetime
from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from assessments import values
from projects.forms.requests import date_input, plausible
from projects.models import Project
from reports.models import Deliverable, languages_of

LANGUAGE_NAMES = dict(settings.LANGUAGES)


def language_choices(project: Project) -> list[tuple[str, Any]]:
    return [(code, LANGUAGE_NAMES[code]) for code in languages_of(project.framework)]


class RequestForm(forms.Form):
    """Which document, in which language."""

    kind = forms.ChoiceField(choices=Deliverable.choices)
    language = forms.ChoiceField()

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].choices = language_choices(project)  # type: ignore[attr-defined]


class DocumentsForm(forms.Form):
    """Which final documents to make."""

    kinds = forms.MultipleChoiceField(
        label=_("Documents to make"), choices=Deliverable.choices, widget=forms.CheckboxSelectMultiple, required=False
    )
    languages = forms.MultipleChoiceField(
        label=_("Languages of the documents"), widget=forms.CheckboxSelectMultiple, required=False
    )

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = language_choices(project)
        self.fields["languages"].choices = choices  # type: ignore[attr-defined]
        self.fields["kinds"].initial = Deliverable.values
        self.fields["languages"].initial = [code for code, _name in choices]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("kinds") and not cleaned.get("languages") and not self.has_error("languages"):
            self.add_error("languages", gettext("Choose at least one language for the documents."))
        return cleaned


class ReleaseForm(DocumentsForm):
    """The release to the country («remise au pays»): its date, what is printed, the documents."""

    on = forms.DateField(
        label=_("Date of the release to the country"),
        widget=date_input(),
        validators=[plausible],
        help_text=_("The day of the closing meeting or of the letter. It is printed on every document."),
    )
    show_overall = forms.BooleanField(
        label=_("Show the overall level"),
        required=False,
        help_text=_("On the findings page and in the summary of the first deliverable; never on a cover."),
    )
    field_order = ["on", "show_overall", "kinds", "languages"]

    def clean_on(self) -> datetime.date:
        on = self.cleaned_data["on"]
        if on > timezone.localdate():
            raise forms.ValidationError(_("The release cannot be dated in the future: the country reads it at once."))
        return on


class EditorialForm(forms.Form):
    """The texts of one kind of document, one field a slot, in one language."""

    def __init__(
        self, *args: Any, slots: Sequence[tuple[str, str, str]], texts: dict[str, str], language: str, **kwargs: Any
    ) -> None:
        """`slots`: each with its label and what it is for; `texts`: what stands, by slot."""
        super().__init__(*args, **kwargs)
        for slot, label, help_text in slots:
            self.fields[slot] = forms.CharField(
                label=label,
                help_text=help_text,
                required=False,
                initial=texts.get(slot, ""),
                strip=True,
                widget=forms.Textarea(attrs={"rows": 6, "lang": language}),
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for slot, text in list(cleaned.items()):
            try:
                cleaned[slot] = values.clean_text(text)
            except values.ImpossibleValue as error:
                self.add_error(slot, str(error))
        return cleaned

    @property
    def changed_texts(self) -> list[tuple[str, str]]:
        """Slot and text of what was changed: another expert's text in another slot is left alone."""
        return [(slot, self.cleaned_data[slot]) for slot in self.changed_data]

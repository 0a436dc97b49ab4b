"""Asking for a document, releasing, and the texts that experts write."""

import datetime
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from assessments import values
from assessments.actions.writing import Seen, Standing, stamp
from assessments.forms.writing import Difference, Meanwhile, SharedForm
from projects.forms.requests import date_input, plausible
from projects.models import Project
from reports.actions.reports import Written
from reports.models import Deliverable, EditorialText, languages_of

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


def digest(text: str) -> str:
    """Tells a text that was changed in the form from one that was left as it was shown."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class EditorialForm(SharedForm):
    """The texts of one kind of document, one field a slot, in one language; beside each, what its author had seen."""

    def __init__(
        self,
        *args: Any,
        slots: Sequence[tuple[str, str, str]],
        texts: Mapping[str, EditorialText],
        language: str,
        **kwargs: Any,
    ) -> None:
        """`slots`: each with its label and what it is for; `texts`: what stands, by slot."""
        super().__init__(*args, **kwargs)
        self.slots, self.language = [slot for slot, _label, _help_text in slots], language
        for slot, label, help_text in slots:
            row = texts.get(slot)
            self.fields[slot] = forms.CharField(
                label=label,
                help_text=help_text,
                required=False,
                initial=row.text if row else "",
                strip=True,
                widget=forms.Textarea(attrs={"rows": 6, "lang": language}),
            )
            self.fields[f"seen:{slot}"] = forms.CharField(
                required=False, widget=forms.HiddenInput, initial=self._seen(row) if row else ""
            )

    @staticmethod
    def _seen(row: EditorialText) -> str:
        return f"{stamp(row.saved_at)} {digest(values.clean_text(row.text))}"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for slot in self.slots:
            if slot not in cleaned:
                continue
            try:
                cleaned[slot] = values.clean_text(cleaned[slot])
            except values.ImpossibleValue as error:
                self.add_error(slot, str(error))
        return cleaned

    @property
    def changed_texts(self) -> list[Written]:
        """What was changed from what was shown: another expert's text in another slot is left alone."""
        changed = []
        for slot in self.slots:
            at, _space, shown = self.cleaned_data[f"seen:{slot}"].partition(" ")
            text = self.cleaned_data[slot]
            if digest(text) != (shown or digest("")):
                seen = Seen(at, is_replacing=self.cleaned_data["replaces"])
                changed.append(Written(slot, self.language, text, seen))
        return changed

    def beside(self, standing: Standing) -> Meanwhile:
        bound = self[standing.row.slot]
        difference = Difference(bound.auto_id, str(bound.label), standing.row.text, self.cleaned_data[bound.name])
        return Meanwhile(standing.by, standing.at, self.language, [difference])

    def mark_seen(self, standing: Standing) -> None:
        self.data[f"seen:{standing.row.slot}"] = self._seen(standing.row)  # type: ignore[index]

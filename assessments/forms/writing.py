"""What every form has in which a person writes: the text's language is said, and a colleague's text is not lost."""

import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.utils import formats, translation
from django.utils.translation import gettext_lazy as _

from assessments.actions.writing import Seen, Standing, WrittenMeanwhile
from assessments.values import LONGEST_TEXT


def text_field(
    label: Any, *, rows: int, required: bool = False, help_text: Any = "", missing: Any = ""
) -> forms.CharField:
    """A text of several lines; `missing` is the sentence when a required one is empty."""
    field = forms.CharField(
        label=label,
        max_length=LONGEST_TEXT,
        required=required,
        help_text=help_text,
        widget=forms.Textarea(attrs={"rows": rows}),
    )
    if missing:
        field.error_messages["required"] = missing
    return field


class WrittenForm(forms.Form):
    """A form with texts. Its language is the page's unless the writer chooses another."""

    language = forms.ChoiceField(
        label=_("Language of the text"),
        choices=lambda: list(settings.LANGUAGE_NAMES_OF_CONTENT.items()),
        help_text=_("Reports print the text as written, marked where it is not in the report’s language."),
    )

    def __init__(self, *args: Any, initial: dict[str, Any] | None = None, **kwargs: Any) -> None:
        given = {name: value for name, value in (initial or {}).items() if name != "language" or value}
        super().__init__(*args, initial={"language": translation.get_language()} | given, **kwargs)
        self.order_fields([name for name in self.fields if name != "language"] + ["language"])


# ── Two people at the same text ──────────────────────────────────────────────


@dataclass(frozen=True)
class Difference:
    """A field in which what stands and what was typed differ, both in words."""

    name: str
    label: str
    theirs: str
    yours: str


@dataclass(frozen=True)
class Meanwhile:
    """What someone else saved while the author of a form was writing."""

    by: Any
    at: datetime.datetime
    language: str
    differences: Sequence[Difference]


class SharedForm(forms.Form):
    """Over what several people write: where someone else saved meanwhile, the page shows both texts."""

    beside: Callable[[Standing], Meanwhile]  # each kind of form has its own: another's text, as the page shows it
    mark_seen: Callable[[Standing], None]  # the form now carries what it shows

    replaces = forms.BooleanField(required=False, widget=forms.HiddenInput)  # both were shown

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.meanwhile: list[Meanwhile] = []

    @property
    def is_refused(self) -> bool:
        return bool(self.errors or self.meanwhile)

    @contextmanager
    def telling_conflicts(self) -> Iterator[None]:
        """Around saving: someone else's text is told on the form, which from now on has been seen."""
        try:
            yield
        except WrittenMeanwhile as conflict:
            self.meanwhile = [self.beside(standing) for standing in conflict.standing]
            self.data = self.data.copy()  # type: ignore[attr-defined]
            self.data.update({"replaces": "on"})  # type: ignore[attr-defined]
            for standing in conflict.standing:
                self.mark_seen(standing)


class RowForm(SharedForm, WrittenForm):
    """Over one row: it carries when the row was saved that its author had before them."""

    seen_at = forms.CharField(required=False, widget=forms.HiddenInput)

    as_written: ClassVar[Callable[[Any], dict[str, Any]]]  # the row as the form's fields show it, `seen_at` among them

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self.seen = Seen(cleaned.pop("seen_at", ""), is_replacing=cleaned.pop("replaces", False))
        return cleaned

    def beside(self, standing: Standing) -> Meanwhile:
        written = self.as_written(standing.row)
        return Meanwhile(standing.by, standing.at, standing.row.language, list(self._differences(written)))

    def _differences(self, written: Mapping[str, Any]) -> Iterator[Difference]:
        for bound in self.visible_fields():
            theirs = self._in_words(bound.name, written.get(bound.name))
            yours = self._in_words(bound.name, bound.field.to_python(bound.value()))
            unsaid = bound.name == "language" and not theirs  # the row holds no text
            if theirs != yours and not unsaid:
                yield Difference(bound.auto_id, str(bound.label), theirs, yours)

    def _in_words(self, name: str, value: Any) -> str:
        if isinstance(value, datetime.date):
            return formats.date_format(value, "DATE_FORMAT")
        words = {str(code): str(label) for code, label in getattr(self.fields[name], "choices", [])}
        if isinstance(value, list):
            return ", ".join(words.get(code, code) for code in value)
        return words.get(value or "", value or "").replace("\r\n", "\n")

    def mark_seen(self, standing: Standing) -> None:
        self.data["seen_at"] = self.as_written(standing.row)["seen_at"]  # type: ignore[index]

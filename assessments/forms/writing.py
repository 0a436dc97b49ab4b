"""What every form has in which a person writes: the text's language is said, not guessed."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext_lazy as _

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

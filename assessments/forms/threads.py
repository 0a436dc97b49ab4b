"""What one says in a discussion, and to whom."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from assessments.models import ThreadAudience
from assessments.values import clean_text
from foundation import mails


def told_sentence() -> str:
    if mails.are_sent():
        return gettext("They get an e-mail that says that you wrote.")
    return gettext("This site does not send e-mails yet: tell them yourself that you wrote.")


class CommentForm(forms.Form):
    """`people` are those who read the discussion: only they can be told. "@Full Name" in the text tells them too."""

    text = forms.CharField(
        label=_("Your comment"), max_length=5000, widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Write what you have to say.")},
    )  # fmt: skip
    told = forms.MultipleChoiceField(
        label=_("For the attention of"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, people: Sequence[Any], by: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people, self.by = list(people), by
        self.fields["told"].help_text = told_sentence()
        self.fields["told"].choices = [(str(person.public_id), person.name) for person in people if person.pk != by.pk]

    def clean_text(self) -> str:
        return clean_text(self.cleaned_data["text"])

    @property
    def mentioned(self) -> list[Any]:
        """Those chosen and those named in the text, each once."""
        text, chosen = self.cleaned_data["text"].casefold(), set(self.cleaned_data["told"])
        return [
            person
            for person in self.people
            if person.pk != self.by.pk and (str(person.public_id) in chosen or f"@{person.name}".casefold() in text)
        ]


class ThreadForm(CommentForm):
    """A new discussion: its audience first, for it never changes."""

    audience = forms.ChoiceField(
        label=_("Who reads it"), widget=forms.RadioSelect, error_messages={"required": _("Say who reads this.")}
    )
    field_order = ["audience", "text", "told"]

    def __init__(self, *args: Any, people: Mapping[ThreadAudience, Sequence[Any]], by: Any, **kwargs: Any) -> None:
        self.by_audience = people
        everyone = {person.pk: person for group in people.values() for person in group}
        ordered = sorted(everyone.values(), key=lambda person: (person.name, person.pk))
        super().__init__(*args, people=ordered, by=by, **kwargs)
        self.fields["audience"].choices = [(audience.value, audience.label) for audience in people]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("audience") and "told" in cleaned:
            readers = self.by_audience[ThreadAudience(cleaned["audience"])]
            outside = [
                person.name
                for person in self.people
                if str(person.public_id) in cleaned["told"] and person.pk not in {reader.pk for reader in readers}
            ]
            if outside:
                self.add_error(
                    "told",
                    _("These people do not read this discussion: %(names)s. Untick them, or choose other readers.")
                    % {"names": ", ".join(outside)},
                )
            self.people = list(readers)
        return cleaned

"""An observation on a lever or one of its questions."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from assessments.actions.writing import stamp
from assessments.forms.writing import RowForm, text_field
from assessments.models import Observation, ObservationKind
from foundation.languages import active_language
from toolkit.models import Question


class ObservationForm(RowForm):
    kind = forms.ChoiceField(label=_("What is it?"), choices=ObservationKind.choices, widget=forms.RadioSelect)
    question = forms.ChoiceField(label=_("About"), required=False)
    text = text_field(
        _("Observation"),
        rows=4,
        required=True,
        help_text=_("What you saw, one thing at a time. The country reads it once it is released."),
        missing=_("Write what you saw."),
    )

    def __init__(self, *args: Any, questions: Sequence[Question], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.questions = {question.code: question for question in questions}
        language = active_language()
        self.fields["question"].choices = [  # type: ignore[attr-defined]
            ("", gettext("The lever as a whole")),
            *(
                (code, f"{code} – {Truncator(question.label.in_(language)).chars(90)}")
                for code, question in self.questions.items()
            ),
        ]

    @staticmethod
    def as_written(row: Observation) -> dict[str, Any]:
        return {
            "kind": row.kind,
            "question": row.question.code if row.question else "",
            "text": row.text,
            "language": row.language,
            "seen_at": stamp(row.at),
        }

    def clean_question(self) -> Question | None:
        return self.questions.get(self.cleaned_data["question"])

"""The experts' decision on a criterion."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from assessments.actions.validation import Decision
from assessments.actions.writing import stamp
from assessments.desk import DeskEntry, differs
from assessments.forms.writing import RowForm, text_field
from assessments.models import Basis, ValidatedLevel

ACCEPT, REFUSE = "accept", "refuse"


def verdict_of(decision: ValidatedLevel | None) -> str:
    """The choice that stands for a saved decision; "" for none yet."""
    if decision is None:
        return ""
    if decision.level is not None:
        return str(decision.level)
    return {True: ACCEPT, False: REFUSE, None: ""}[decision.accepts_not_applicable]


class DecisionForm(RowForm):
    """A level with its basis, or a word on "not applicable"; a reason where it differs from the country's."""

    verdict = forms.ChoiceField(label=_("Validated level"), required=False)
    basis = forms.ChoiceField(label=_("Your own basis"), required=False, choices=[("", ""), *Basis.choices])
    reason = text_field(
        _("Reason for the difference"),
        rows=4,
        help_text=_(
            "Required where your level differs. The country reads it, and can acknowledge it or enter a reservation."
        ),
    )
    private_note = text_field(
        _("Note between experts"), rows=2, help_text=_("Never shown to the country, in any page or report.")
    )

    def __init__(self, *args: Any, entry: DeskEntry, **kwargs: Any) -> None:
        if entry.decision is not None:
            kwargs["initial"] = self.as_written(entry.decision)
        super().__init__(*args, **kwargs)
        self.entry = entry
        on_applying = [ACCEPT, REFUSE] if entry.claims_not_applicable else []
        codes = ["", *(str(number) for number in entry.told.levels), *on_applying]
        words = {
            "": gettext("Not decided yet"),
            ACCEPT: gettext("Not applicable: accepted"),
            REFUSE: gettext("It applies, but no level can be set yet"),
        }
        self.fields["verdict"].choices = [(code, words.get(code, code)) for code in codes]  # type: ignore[attr-defined]

    @staticmethod
    def as_written(row: ValidatedLevel) -> dict[str, Any]:
        return {
            "verdict": verdict_of(row),
            "basis": row.basis,
            "reason": row.reason,
            "private_note": row.private_note,
            "language": row.language,
            "seen_at": stamp(row.saved_at),
        }

    @property
    def decision(self) -> Decision:
        """What was chosen, once the form is valid."""
        cleaned = self.cleaned_data
        verdict = cleaned.get("verdict", "")
        level = int(verdict) if verdict.isdigit() else None
        applies = {ACCEPT: True, REFUSE: False}.get(verdict)
        if self.entry.claims_not_applicable and level is not None:
            applies = False  # who sets a level says that the criterion applies
        return Decision(
            level=level,
            accepts_not_applicable=applies,
            basis=cleaned.get("basis", "") if level is not None else "",
            reason=cleaned.get("reason", ""),
            private_note=cleaned.get("private_note", ""),
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if "verdict" in self.errors:
            return cleaned
        decision = self.decision
        if decision.level is not None and not decision.basis and "basis" not in self.errors:
            self.add_error("basis", gettext("Say what your level rests on."))
        if differs(self.entry.answer, decision) and not decision.reason and "reason" not in self.errors:
            self.add_error(
                "reason", gettext("Say why you see it differently from the country; it will read the reason.")
            )
        nothing_said = not (cleaned.get("verdict") or decision.private_note)
        if nothing_said and self.entry.decision is None and not self.errors:
            self.add_error("verdict", gettext("Choose a level, or write a note between experts."))
        return cleaned

"""A recommendation on a lever."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from assessments.actions.recommendations import Advice
from assessments.actions.writing import stamp
from assessments.forms.writing import RowForm, text_field
from assessments.models import Activity, Priority, Recommendation
from foundation.languages import active_language
from toolkit.models import Guidance, Horizon, Institution, Lever, Tool


class RecommendationForm(RowForm):
    text = text_field(
        _("Recommendation"),
        rows=9,
        required=True,
        help_text=_("What to do, verb first, in order."),
        missing=_("Write what should be done."),
    )
    priority = forms.ChoiceField(label=_("Priority"), choices=Priority.choices)
    horizon = forms.ChoiceField(label=_("Horizon"), choices=Horizon.choices)
    owner = forms.ChoiceField(label=_("Responsible institution"), choices=Institution.choices)
    owner_detail = forms.CharField(
        label=_("Department or person"), required=False, max_length=150, help_text=_("Where it is known.")
    )
    resources = forms.CharField(
        label=_("Resources needed"),
        required=False,
        max_length=300,
        help_text=_("For example: two people for three months; a licence."),
    )
    tool = forms.ChoiceField(label=_("UPU tool"), required=False)
    tags = forms.MultipleChoiceField(
        label=_("Kinds of activity"), required=False, choices=Activity.choices, widget=forms.CheckboxSelectMultiple
    )
    needs = forms.MultipleChoiceField(
        label=_("What must be done before"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Other recommendations on which this one depends."),
    )

    def __init__(self, *args: Any, lever: Lever, others: Sequence[Recommendation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        language = active_language()
        self.tools: dict[str, Tool] = {tool.code: tool for tool in lever.tools.order_by("position")}
        self.others = {str(other.public_id): other for other in others}
        self.fields["tool"].choices = [  # type: ignore[attr-defined]
            ("", gettext("None")),
            *((code, tool.name.in_(language)) for code, tool in self.tools.items()),
        ]
        self.fields["needs"].choices = [  # type: ignore[attr-defined]
            (key, f"R{other.number} – {Truncator(other.text).chars(90)}") for key, other in self.others.items()
        ]
        if not self.others:
            del self.fields["needs"]

    @staticmethod
    def as_written(row: Recommendation) -> dict[str, Any]:
        """Needs `tool` and `needs` loaded."""
        return {
            "text": row.text,
            "language": row.language,
            "priority": row.priority,
            "horizon": row.horizon,
            "owner": row.owner,
            "owner_detail": row.owner_detail,
            "resources": row.resources,
            "tags": row.tags,
            "tool": row.tool.code if row.tool else "",
            "needs": [str(need.public_id) for need in row.needs.all()],
            "seen_at": stamp(row.saved_at),
        }

    @property
    def advice(self) -> Advice:
        """What was written, once the form is valid."""
        cleaned = self.cleaned_data
        return Advice(
            text=cleaned["text"],
            language=cleaned["language"],
            priority=cleaned["priority"],
            horizon=cleaned["horizon"],
            owner=cleaned["owner"],
            owner_detail=cleaned["owner_detail"],
            resources=cleaned["resources"],
            tags=cleaned["tags"],
            tool=self.tools.get(cleaned["tool"]),
        )

    @property
    def prerequisites(self) -> list[Recommendation]:
        return [self.others[key] for key in self.cleaned_data.get("needs", [])]


def from_guidance(guidance: Guidance, language: str) -> dict[str, Any]:
    """What the form shows at first when a suggestion is adopted: its text in the project's language."""
    return {
        "text": guidance.text.in_(language),
        "language": language,
        "priority": Priority.MEDIUM,
        "horizon": guidance.horizon,
        "owner": guidance.who,
        "tool": guidance.tool.code if guidance.tool else "",
    }


def possible_needs(recommendation: Recommendation | None, kept: Sequence[Recommendation]) -> list[Recommendation]:
    """Those on which this one may depend: not itself, nor any that waits for it. `kept` has its `needs` loaded."""
    if recommendation is None:
        return list(kept)
    waiting = {recommendation.pk}
    while more := {
        other.pk for other in kept if other.pk not in waiting and waiting & {need.pk for need in other.needs.all()}
    }:
        waiting |= more
    return [other for other in kept if other.pk not in waiting]

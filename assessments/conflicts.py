"""Two answers to the same question: as the page shows them side by side, and as its fields take each of them."""

import datetime
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext

from assessments import values
from assessments.differences import Mark, Stretch, by_words
from assessments.models import AnswerStatus, AnswerValue, Basis
from foundation.languages import active_language
from toolkit.models import Kind

Fields = Sequence[tuple[str, str]]  # as a form posts them


@dataclass(frozen=True)
class Side:
    at: datetime.datetime
    language: str
    lines: Sequence[Sequence[Stretch]]
    fields: str  # JSON of Fields


@dataclass(frozen=True)
class Conflict:
    """A person's refused text beside the answer that stands."""

    code: str
    number: int  # of what stands: a choice is based on it
    is_same_person: bool
    mine: Side
    theirs: Side
    both: str  # JSON of Fields; "" where two answers cannot be put together


def conflict(question: Any, mine: Any, theirs: Any) -> Conflict:
    """`mine` is a revision, `theirs` the answer. Needs the question's options loaded."""
    stretches = by_words(_said(question, theirs, mine), _said(question, mine, theirs))
    my_lines, their_lines = _lines(stretches, Mark.ADDED), _lines(stretches, Mark.REMOVED)
    both = put_together(question, mine, theirs)
    return Conflict(
        code=question.code,
        number=theirs.number,
        is_same_person=mine.saved_by_id == theirs.saved_by_id,
        mine=Side(mine.saved_at, mine.language, my_lines, json.dumps(as_fields(question, mine.content()))),
        theirs=Side(theirs.saved_at, theirs.language, their_lines, json.dumps(as_fields(question, theirs.content()))),
        both=json.dumps(as_fields(question, both)) if both else "",
    )


def _said(question: Any, version: AnswerValue, other: AnswerValue) -> str:
    """Everything in which it may differ from the other, in words."""
    lines = values.in_words(question, version.value, active_language())
    lines = [*(lines or [str(version.get_status_display())]), version.reason, version.note]  # type: ignore[attr-defined]
    if version.basis != other.basis:
        basis = str(Basis(version.basis).label) if version.basis else gettext("not said")
        lines.append(gettext("Rests on: %(basis)s") % {"basis": basis})
    if version.is_confidential != other.is_confidential:
        lines.append(gettext("Confidential") if version.is_confidential else gettext("Not confidential"))
    return "\n".join(line for line in lines if line)


def _lines(stretches: Sequence[Stretch], own: Mark) -> list[list[Stretch]]:
    """One of the two texts, line by line: what both say, and what only it says."""
    lines: list[list[Stretch]] = [[]]
    for stretch in stretches:
        if stretch.mark not in {Mark.SAME, own}:
            continue
        first, *more = stretch.text.split("\n")
        for text, line in [(first, lines[-1]), *((text, []) for text in more)]:
            if line is not lines[-1]:
                lines.append(line)
            if text:
                line.append(Stretch(stretch.mark, text))
    return [line for line in lines if line]


def put_together(question: Any, mine: AnswerValue, theirs: AnswerValue) -> dict[str, Any] | None:
    """Both texts, or all choices of both; None where one has to choose."""
    content = mine.content()
    are_answered = mine.status == theirs.status == AnswerStatus.ANSWERED
    if mine.status == theirs.status and mine.value == theirs.value:
        pass  # they differ in their notes or reasons only
    elif are_answered and question.kind == Kind.TEXT:
        content["value"] = _one_after_the_other(mine.value, theirs.value)
    elif are_answered and question.kind == Kind.CHOICES and "none" not in {*mine.value, *theirs.value}:
        content["value"] = [*mine.value, *(code for code in theirs.value if code not in mine.value)]
    else:
        return None
    content["reason"] = _one_after_the_other(mine.reason, theirs.reason)
    content["note"] = _one_after_the_other(mine.note, theirs.note)
    content["is_confidential"] = mine.is_confidential or theirs.is_confidential
    return None if content in (mine.content(), theirs.content()) else content


def _one_after_the_other(mine: str, theirs: str) -> str:
    if not theirs or theirs in mine:
        return mine
    return theirs if not mine or mine in theirs else f"{mine}\n\n{theirs}"


def as_fields(question: Any, content: dict[str, Any]) -> Fields:
    """What the question's form would post to say this (forms/answers.py)."""
    code, kind = question.code, question.kind
    value = values.typed_again(kind, content["value"])
    fields: list[tuple[str, str]] = []
    if content["status"] in {AnswerStatus.DONT_KNOW, AnswerStatus.NOT_APPLICABLE}:
        is_one_of_the_choices = kind in {Kind.CRITERION, Kind.RATING, Kind.CHOICE, Kind.YES_PARTLY_NO}
        fields.append((f"{code}:{'value' if is_one_of_the_choices else 'status'}", content["status"]))
    elif kind == Kind.MONEY:
        fields += [(f"{code}:{name}", value.get(name, "")) for name in ("amount", "currency")]
    elif kind == Kind.TABLE:
        fields += [(f"{code}:cell:{row}", column) for row, column in value.items()]
    else:
        fields += [(f"{code}:value", each) for each in (value if kind == Kind.CHOICES else [value])]
    fields += [(f"{code}:{name}", content[name]) for name in ("reason", "note", "basis") if content[name]]
    return [*fields, (f"{code}:confidential", "on")] if content["is_confidential"] else fields

"""Levels as a document shows them: figure, staircase, colour and word at once (look, Levels)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from django.utils import formats
from django.utils.translation import gettext

from assessments import scoring
from reports.documents.texts import in_language


@dataclass(frozen=True)
class Mark:
    """One level's marks. `reached` 0: no level."""

    shown: str
    reached: int
    name: str
    colour: str
    ink: str
    steps: tuple[bool, ...]  # of the staircase, lowest first: filled or not
    is_unsupported: bool = False

    @property
    def figure(self) -> str:
        return f"{self.shown}*" if self.is_unsupported else self.shown


@dataclass(frozen=True)
class Standing:
    """The level of a lever, pillar, domain or the whole, in one series, with what it is made of."""

    mark: Mark
    value: Fraction | None
    scored: int
    applicable: int
    is_provisional: bool
    weakest: tuple[str, ...]  # codes of the parts with the lowest level

    @property
    def share(self) -> str:
        """How many of the applicable parts have a level."""
        return gettext("%(scored)s of %(applicable)s") % {"scored": self.scored, "applicable": self.applicable}

    @property
    def is_partial(self) -> bool:
        """A level made from some of the parts only."""
        return 0 < self.scored < self.applicable

    @property
    def percent(self) -> str:
        """The length of a bar between the lowest and the highest level, as CSS reads it."""
        if self.value is None:
            return "0"
        highest = max(len(self.mark.steps), 2)
        return f"{float((self.value - 1) / (highest - 1) * 100):.1f}%"


class Marks:
    """Makes marks for one framework in one language."""

    def __init__(self, levels: Sequence[Mapping[str, Any]], language: str) -> None:
        self.levels = {level["number"]: level for level in levels}
        self.language = language

    def mark(self, value: Fraction | int | None, *, is_unsupported: bool = False) -> Mark:
        """The marks of a level or a mean; a mean takes the colour of the level reached."""
        reached = int(value) if value is not None else 0
        level = self.levels.get(reached)
        return Mark(
            shown=figure(value),
            reached=reached,
            name=in_language(level["name"], self.language) if level else gettext("No level"),
            colour=level["colour"] if level else "",
            ink=level["ink"] if level else "#4a5764",
            steps=tuple(number <= reached for number in sorted(self.levels)),
            is_unsupported=is_unsupported,
        )

    def standing(self, entry: Mapping[str, Any] | None, *, starred: bool = True) -> Standing:
        """`starred`: marked where a part is unsupported. Pillars and the whole are not: their share is printed."""
        entry = entry or {}
        value = Fraction(entry["value"]) if entry.get("value") is not None else None
        return Standing(
            mark=self.mark(value, is_unsupported=starred and entry.get("is_unsupported", False)),
            value=value,
            scored=entry.get("scored", 0),
            applicable=entry.get("applicable", 0),
            is_provisional=entry.get("is_provisional", False),
            weakest=tuple(entry.get("weakest", ())),
        )


def figure(value: Fraction | int | None) -> str:
    """One decimal, half up, once, in the document's notation; a single level as a whole number; "–" for none."""
    if value is None:
        return "–"
    if isinstance(value, int):
        return str(value)
    return formats.number_format(scoring.shown(value), 1)

"""Levels from claims: METHODOLOGY section 5, every rule of it. Pure: values in, values out, no Django.

Levels are exact Fractions inside and are rounded half-up once, by `shown` (5.8). Every result keeps what it is made of,
so that a page can open any level to how it came about. The rules (aggregation, least share) are the framework's (5.10).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction


class LeftOut(StrEnum):
    """Why a part does not count in a level (5.4)."""

    BLANK = "blank"
    DONT_KNOW = "dont_know"
    NOT_APPLICABLE = "not_applicable"  # accepted by the experts: leaves the denominator
    NOT_APPLICABLE_OPEN = "not_applicable_open"  # not yet decided, or refused: stays applicable, without a level
    NOT_VALIDATED = "not_validated"  # the validated series: no decision of the experts yet
    NO_LEVEL = "no_level"  # a node whose own parts give no level


UNSUPPORTED_BASES = frozenset({"", "none", "interview"})  # 5.6


@dataclass(frozen=True)
class Rule:
    """How a node's level is made: mean, weighted_mean, weakest_link or none; the least share scored ÷ applicable."""

    aggregation: str
    minimum_share: Fraction = Fraction(0)


@dataclass(frozen=True)
class Criterion:
    """One criterion in one series: a level with its basis, or why it has none."""

    code: str
    weight: Fraction
    level: int | None
    basis: str = ""
    left_out: LeftOut | None = None

    @property
    def is_applicable(self) -> bool:
        return self.left_out is not LeftOut.NOT_APPLICABLE

    @property
    def is_claim_above_1(self) -> bool:
        return self.level is not None and self.level > 1

    @property
    def is_unsupported(self) -> bool:
        """A claim above level 1 that rests on an interview or on nothing (5.6)."""
        return self.is_claim_above_1 and self.basis in UNSUPPORTED_BASES


@dataclass(frozen=True)
class Node:
    """A lever, pillar or overall (a domain or a strategy): its rule and its parts, in the framework's order."""

    code: str
    weight: Fraction
    rule: Rule
    parts: Sequence["Node | Criterion"]


@dataclass(frozen=True)
class Part:
    """A part as it went into a level, or was left out of it."""

    code: str
    weight: Fraction
    level: Fraction | None
    left_out: LeftOut | None
    is_unsupported: bool
    share: Fraction | None  # of the mean's denominator; None when left out


@dataclass(frozen=True)
class Level:
    """A level and how it came about."""

    code: str
    rule: Rule
    level: Fraction | None
    parts: Sequence[Part]
    scored: int
    applicable: int
    is_unsupported: bool
    is_provisional: bool
    children: Sequence["Level"]
    criteria: Sequence[Criterion]

    @property
    def is_applicable(self) -> bool:
        return self.applicable > 0

    @property
    def shown(self) -> Decimal | None:
        return shown(self.level)

    @property
    def reached(self) -> int | None:
        """The level that all of it has reached: a mean of 2.7 has reached level 2."""
        return None if self.level is None else int(self.level)

    @property
    def weakest(self) -> Part | None:
        """The weakest part with a level; the first of several equals (5.8)."""
        return min((part for part in self.parts if part.level is not None), key=lambda part: part.level, default=None)  # type: ignore[arg-type,return-value]

    def find(self, code: str) -> "Level | None":
        if self.code == code:
            return self
        return next((found for child in self.children if (found := child.find(code))), None)


@dataclass(frozen=True)
class Completeness:
    """Answered ÷ applicable criteria, and the claims above level 1 that nothing supports (5.4, 5.6)."""

    answered: int
    applicable: int
    unsupported: int
    claims_above_1: int

    @property
    def percent(self) -> int | None:
        return answered_percent(self.answered, self.applicable)

    @property
    def unsupported_percent(self) -> int | None:
        """Rounded half-up; None without a claim above level 1."""
        return percent(self.unsupported, self.claims_above_1)


def percent(part: int, whole: int) -> int | None:
    """A share in whole per cent, half up; None of nothing."""
    return int((Fraction(part * 100, whole) + Fraction(1, 2)) // 1) if whole else None


def answered_percent(answered: int, applicable: int) -> int | None:
    """As any share, but 100 only when all is answered and 0 only when nothing is."""
    share = percent(answered, applicable)
    return share if share is None or answered in (0, applicable) else min(max(share, 1), 99)


def shown(level: Fraction | None) -> Decimal | None:
    """The level as printed: half-up to one decimal, the only rounding there is; None: no level, never 0 or 1."""
    if level is None:
        return None
    return Decimal(int((level * 10 + Fraction(1, 2)) // 1)) / 10


def self_assessed(
    code: str, weight: Fraction, *, status: str, level: int | None, basis: str, accepts_not_applicable: bool | None
) -> Criterion:
    """The national team's claim. "Not applicable" leaves the denominator only once the experts accept it (5.4)."""
    if status == "answered" and level is not None:
        return Criterion(code, weight, level, basis)
    if status == "not_applicable":
        accepted = accepts_not_applicable is True
        return Criterion(
            code, weight, None, left_out=LeftOut.NOT_APPLICABLE if accepted else LeftOut.NOT_APPLICABLE_OPEN
        )
    return Criterion(code, weight, None, left_out=LeftOut.DONT_KNOW if status == "dont_know" else LeftOut.BLANK)


def validated(
    code: str, weight: Fraction, *, level: int | None, basis: str, accepts_not_applicable: bool | None
) -> Criterion:
    """The experts' own value; never filled from the country's (5.7)."""
    if level is not None:
        return Criterion(code, weight, level, basis)
    if accepts_not_applicable is True:
        return Criterion(code, weight, None, left_out=LeftOut.NOT_APPLICABLE)
    return Criterion(code, weight, None, left_out=LeftOut.NOT_VALIDATED)


def level_of(node: Node) -> Level:
    """The node's level by its rule, from its parts' levels (5.3, 5.5, 5.10).

    Parts without a level are left out of the mean; parts that are not applicable also leave the denominator of the
    least share. Under the least share there is no level; with some applicable part blank it is provisional, but for
    nodes whose rule asks for no share (a lever's criteria).
    """
    children = [level_of(part) for part in node.parts if isinstance(part, Node)]
    by_code = {child.code: child for child in children}
    made = [
        _from_criterion(part) if isinstance(part, Criterion) else _from_level(part, by_code[part.code])
        for part in node.parts
    ]
    applicable = [part for part in made if part.left_out is not LeftOut.NOT_APPLICABLE]
    scored = [part for part in made if part.level is not None]
    enough = bool(scored) and Fraction(len(scored), len(applicable)) >= node.rule.minimum_share
    level = _aggregate(node.rule.aggregation, scored) if enough else None
    incomplete = node.rule.minimum_share > 0 and len(scored) < len(applicable)
    if level is not None:
        made = _with_shares(node.rule.aggregation, made)
    return Level(
        code=node.code,
        rule=node.rule,
        level=level,
        parts=made,
        scored=len(scored),
        applicable=len(applicable),
        is_unsupported=any(part.is_unsupported for part in scored),
        is_provisional=level is not None and (incomplete or any(child.is_provisional for child in children)),
        children=children,
        criteria=[part for part in node.parts if isinstance(part, Criterion)],
    )


def _from_criterion(criterion: Criterion) -> Part:
    level = None if criterion.level is None else Fraction(criterion.level)
    return Part(criterion.code, criterion.weight, level, criterion.left_out, criterion.is_unsupported, None)


def _from_level(node: Node, level: Level) -> Part:
    left_out = None
    if level.level is None:
        left_out = LeftOut.NO_LEVEL if level.is_applicable else LeftOut.NOT_APPLICABLE
    return Part(node.code, node.weight, level.level, left_out, level.is_unsupported, None)


def _aggregate(aggregation: str, scored: Sequence[Part]) -> Fraction | None:
    levels = [(part.level or Fraction(0), part.weight) for part in scored]
    if aggregation == "mean":
        return sum((level for level, _weight in levels), Fraction(0)) / len(levels)
    if aggregation == "weighted_mean":
        total = sum((weight for _level, weight in levels), Fraction(0))
        return sum((level * weight for level, weight in levels), Fraction(0)) / total
    if aggregation == "weakest_link":
        return min(level for level, _weight in levels)
    if aggregation == "none":
        return None
    raise ValueError(f"unknown aggregation: {aggregation}")


def _with_shares(aggregation: str, parts: Sequence[Part]) -> list[Part]:
    """How much of the level each part is: equal, by weight, or the weakest alone."""
    scored = [part for part in parts if part.level is not None]
    weakest = min(part.level for part in scored if part.level is not None)
    raw = {
        part.code: Fraction(1)
        if aggregation == "mean"
        else part.weight
        if aggregation == "weighted_mean"
        else Fraction(int(part.level == weakest))
        for part in scored
    }
    total = sum(raw.values(), Fraction(0))
    return [
        Part(part.code, part.weight, part.level, part.left_out, part.is_unsupported, raw[part.code] / total)
        if part.code in raw
        else part
        for part in parts
    ]


def criteria_of(level: Level) -> list[Criterion]:
    """All criteria below a level, in order."""
    return [*level.criteria, *(criterion for child in level.children for criterion in criteria_of(child))]


def completeness(criteria: Iterable[Criterion]) -> Completeness:
    """A criterion with a level is answered; one whose "not applicable" was accepted is not applicable (5.4)."""
    counted = [criterion for criterion in criteria if criterion.is_applicable]
    return Completeness(
        answered=sum(criterion.level is not None for criterion in counted),
        applicable=len(counted),
        unsupported=sum(criterion.is_unsupported for criterion in counted),
        claims_above_1=sum(criterion.is_claim_above_1 for criterion in counted),
    )


def strongest(levels: Iterable[Level], count: int = 3) -> list[Level]:
    """The `count` strongest of the levels that there are, in the framework's order among equals."""
    return sorted((level for level in levels if level.level is not None), key=lambda level: -(level.level or 0))[:count]


def weakest(levels: Iterable[Level], count: int = 3) -> list[Level]:
    return sorted((level for level in levels if level.level is not None), key=lambda level: level.level or 0)[:count]


# What can be said of a minimum requirement, the gravest first: blank and withheld stand for an answer nobody can read.
GRAVEST_FIRST = ("no", "blank", "dont_know", "partly", "withheld", "not_applicable", "yes")


def gate(said: Iterable[str]) -> str:
    """A minimum requirement from what is said to each of its questions: the gravest of it; "blank" of nothing (5.9).

    A "no" warns at once, whatever else is missing. Raises ValueError for a word that is not one of these.
    """
    return min(said, key=GRAVEST_FIRST.index, default="blank")

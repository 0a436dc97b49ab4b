"""Reading the findings of a project: levels in both series, how each came about, and what the experts wrote of them.

All of it may be shown to the country once it is released: no private note, nothing that a confidential answer says.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any

from django.utils import formats
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from assessments import charts, levels, outline
from assessments.desk import differs
from assessments.models import (
    Answer,
    AnswerSheet,
    Observation,
    Recommendation,
    Reservation,
    Source,
    ValidatedLevel,
)
from assessments.scoring import Criterion, LeftOut, Part
from assessments.scoring import Level as Scored
from projects.models import Project
from toolkit.models import Aggregation, Guidance, Level, Lever, Pillar, Question, Section

LEAST_AXES = 3  # a radar of fewer has no area
OF_CLASSES = 11  # look.css has places for so many labels; other numbers stand in the drawing itself

LEFT_OUT_WORDS = {
    LeftOut.BLANK: _("not answered"),
    LeftOut.DONT_KNOW: _("don’t know"),
    LeftOut.NOT_APPLICABLE: _("not applicable, accepted"),
    LeftOut.NOT_APPLICABLE_OPEN: _("said not to apply, not accepted"),
    LeftOut.NOT_VALIDATED: _("not validated"),
    LeftOut.NO_LEVEL: _("no level"),
}


def decimal(level: Fraction | None) -> Decimal | None:
    """The exact level with 28 digits, as the template's tags take it; they round once, for display."""
    return None if level is None else Decimal(level.numerator) / Decimal(level.denominator)


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


@dataclass(frozen=True)
class Mark:
    """A level of a node as a page shows it, with the sum it comes from."""

    scored: Scored
    highest: int  # of the framework's levels
    is_partly_withheld: bool = False  # it rests on an answer that the reader may not know

    @property
    def value(self) -> Decimal | None:
        return decimal(self.scored.level)

    @property
    def reached(self) -> int | None:
        return self.scored.reached

    @property
    def is_unsupported(self) -> bool:
        return self.scored.is_unsupported

    @property
    def is_provisional(self) -> bool:
        return self.scored.is_provisional

    @property
    def per_cent(self) -> str:
        """Where the level stands between the lowest and the highest, as an SVG length; "0%" without a level."""
        level = self.scored.level
        return "0%" if level is None else f"{float((level - 1) / (self.highest - 1)) * 100:.1f}%"

    @property
    def sum(self) -> str:
        return in_figures(self.scored, self.is_partly_withheld)


def in_figures(scored: Scored, is_partly_withheld: bool = False) -> str:
    """How the level comes about, as a sum: (2 × 3 + 1 × 2) ÷ 3 = 2.66… → 2.7; "" without a level."""
    parts = [part for part in scored.parts if part.level is not None]
    if scored.level is None or scored.shown is None:
        return ""
    aggregation = scored.rule.aggregation
    shown = formats.number_format(scored.shown, 1)
    if is_partly_withheld:
        return gettext("a confidential answer is part of it → %(shown)s") % {"shown": shown}
    if aggregation == Aggregation.WEAKEST_LINK:
        return gettext("the weakest of %(levels)s → %(shown)s") % {
            "levels": ", ".join(_exact(part.level) for part in parts),
            "shown": shown,
        }
    weights = {part.weight for part in parts}
    if aggregation == Aggregation.WEIGHTED_MEAN and len(weights) > 1:
        terms = [f"{_exact(part.level)} × {_exact(part.weight)}" for part in parts]
        divisor = sum((part.weight for part in parts), Fraction(0))
    else:
        terms = [_exact(part.level) for part in parts]
        divisor = Fraction(len(parts))
    total = " + ".join(terms)
    dividend = f"({total})" if len(terms) > 1 else total
    return f"{dividend} ÷ {_exact(divisor)} = {_exact(scored.level, 4)} → {shown}"


def _exact(number: Fraction | None, places: int = 2) -> str:
    """The number in the reader's notation; "…" where more decimals follow."""
    value = decimal(number) or Decimal(0)
    cut = value.quantize(Decimal(1).scaleb(-places), ROUND_DOWN)
    text = format(cut.normalize(), "f")
    decimals = len(text.partition(".")[2])
    return formats.number_format(Decimal(text), decimals) + ("" if cut == value else "…")


@dataclass(frozen=True)
class Word:
    """What the experts say of a criterion, without what is only between them."""

    basis: str  # in words
    reason: str
    language: str
    response: Reservation | None

    @classmethod
    def of(cls, decision: ValidatedLevel) -> "Word":
        return cls(
            basis=str(decision.get_basis_display()) if decision.basis else "",
            reason=decision.reason,
            language=decision.language,
            response=getattr(decision, "reservation", None),
        )


@dataclass(frozen=True)
class CriterionFindings:
    """A criterion in both series, and the experts' word on it."""

    question: Question
    claim: Criterion | None  # None: another institution's confidential answer
    validated: Criterion
    validated_part: Part | None  # as it went into the lever's validated level
    answer: Answer | None  # None also where the reader may not know what it says
    word: Word | None
    differs: bool

    @property
    def code(self) -> str:
        return self.question.code

    @property
    def claim_left_out(self) -> str:
        """Why no level is shown; "" where one is."""
        if self.claim is None:
            return gettext("confidential")
        return str(LEFT_OUT_WORDS[self.claim.left_out]) if self.claim.left_out else ""

    @property
    def validated_left_out(self) -> str:
        return str(LEFT_OUT_WORDS[self.validated.left_out]) if self.validated.left_out else ""

    @property
    def share(self) -> int | None:
        """Its part of the lever's validated level, per cent."""
        part = self.validated_part
        return round(part.share * 100) if part and part.share is not None else None

    @property
    def weight(self) -> str:
        return _exact(Fraction(self.question.weight or 1))

    @property
    def is_not_applicable(self) -> bool:
        return self.validated.left_out is LeftOut.NOT_APPLICABLE


@dataclass(frozen=True)
class Suggestion:
    """What the guidance says to do from a level to the next, and what came of it."""

    guidance: Guidance
    adopted: Recommendation | None


@dataclass(frozen=True)
class LeverFindings:
    lever: Lever
    claimed: Mark
    validated: Mark
    criteria: Sequence[CriterionFindings]
    observations: Sequence[Observation]
    recommendations: Sequence[Recommendation]
    guidance: Sequence[Guidance]

    @property
    def suggestion(self) -> Suggestion | None:
        """From the level that the experts found reached to the next; from the first where there is none."""
        start = self.validated.reached or 1
        found = next((row for row in self.guidance if row.from_level == start), None)
        if found is None:
            return None
        return Suggestion(found, next((row for row in self.recommendations if row.guidance_id == found.pk), None))


@dataclass(frozen=True)
class PillarFindings:
    pillar: Pillar
    claimed: Mark
    validated: Mark
    levers: Sequence[LeverFindings]

    @property
    def weakest(self) -> LeverFindings | None:
        """The lever that holds the pillar back (5.8)."""
        part = self.validated.scored.weakest
        return next((entry for entry in self.levers if part and entry.lever.code == part.code), None)


@dataclass(frozen=True)
class Axis:
    """A lever's label on the radar."""

    code: str
    shown: Decimal | None
    x: float
    y: float


@dataclass(frozen=True)
class Radar:
    drawing: charts.Radar
    axes: Sequence[Axis]

    @property
    def has_places(self) -> bool:
        """Whether the look has classes for so many labels."""
        return len(self.axes) == OF_CLASSES


@dataclass(frozen=True)
class Findings:
    pillars: Sequence[PillarFindings]
    series: levels.ProjectLevels
    names: Mapping[int, Level]  # the framework's levels by number

    @property
    def claimed(self) -> Mark:
        return Mark(self.series.self_assessed.overall, max(self.names))

    @property
    def validated(self) -> Mark:
        return Mark(self.series.validated.overall, max(self.names))

    @cached_property
    def levers(self) -> list[LeverFindings]:
        return [entry for pillar in self.pillars for entry in pillar.levers]

    @cached_property
    def criteria(self) -> list[CriterionFindings]:
        return [criterion for entry in self.levers for criterion in entry.criteria]

    @property
    def differences(self) -> list[CriterionFindings]:
        return [criterion for criterion in self.criteria if criterion.differs]

    @property
    def unanswered_differences(self) -> list[CriterionFindings]:
        """Those on which the country has not said its word yet."""
        return [entry for entry in self.differences if entry.word is None or entry.word.response is None]

    @property
    def not_applicable(self) -> list[CriterionFindings]:
        return [criterion for criterion in self.criteria if criterion.is_not_applicable]

    @property
    def without_level(self) -> list[CriterionFindings]:
        return [entry for entry in self.criteria if entry.validated.level is None and not entry.is_not_applicable]

    @cached_property
    def radar(self) -> Radar | None:
        """Both series over all levers; None where there are too few for a figure."""
        if len(self.levers) < LEAST_AXES:
            return None
        drawing = charts.radar(
            [_float(entry.validated.value) for entry in self.levers],
            [_float(entry.claimed.value) for entry in self.levers],
            max(self.names),
        )
        places = zip(self.levers, drawing.labels, strict=True)
        return Radar(
            drawing,
            [
                Axis(
                    entry.lever.code,
                    entry.validated.value,
                    round(place.left * charts.SIZE / 100, 1),
                    round(place.top * charts.SIZE / 100, 1),
                )
                for entry, place in places
            ],
        )


def findings(project: Project, user: Any) -> Findings:
    """The findings of a project for one reader, in a constant number of queries."""
    series = levels.project_levels(project)
    national = outline.national_sheet(project)
    answers = {answer.question_id: answer for answer in Answer.objects.filter(sheet=national).order_by("pk")}
    decisions = {
        decision.question_id: decision
        for decision in ValidatedLevel.objects.filter(sheet=national)
        .select_related("reservation__by")
        .defer("private_note")
        .order_by("pk")
    }
    written = _Written.of(project)
    names = outline.structure(national.instrument).levels
    highest = max(names)

    def criterion(question: Question, claimed: Scored, validated: Scored) -> CriterionFindings | None:
        claims = {row.code: row for row in claimed.criteria}
        if question.code not in claims:
            return None  # hidden by a condition
        answer, decision = answers.get(question.pk), decisions.get(question.pk)
        readable = answer is None or answer.is_readable_by(user, project)
        return CriterionFindings(
            question=question,
            claim=claims[question.code] if readable else None,
            validated=next(row for row in validated.criteria if row.code == question.code),
            validated_part=next((part for part in validated.parts if part.code == question.code), None),
            answer=answer if readable else None,
            word=Word.of(decision) if decision else None,
            differs=differs(answer, decision),
        )

    def lever_findings(
        lever: Lever, questions: Sequence[Question], claimed: Scored, validated: Scored
    ) -> LeverFindings:
        made = [criterion(question, claimed, validated) for question in questions]
        return LeverFindings(
            lever=lever,
            claimed=Mark(claimed, highest, any(entry is not None and entry.claim is None for entry in made)),
            validated=Mark(validated, highest),
            criteria=[entry for entry in made if entry],
            observations=written.observations.get(lever.pk, []),
            recommendations=written.recommendations.get(lever.pk, []),
            guidance=written.guidance.get(lever.pk, []),
        )

    frame = levels.frame(project.framework)
    pillars = [
        PillarFindings(
            pillar,
            Mark(claimed, highest),
            Mark(validated, highest),
            [
                lever_findings(lever, questions, below_claimed, below_validated)
                for (lever, questions), below_claimed, below_validated in zip(
                    levers, claimed.children, validated.children, strict=True
                )
            ],
        )
        for (pillar, levers), claimed, validated in zip(
            frame.pillars, series.self_assessed.pillars, series.validated.pillars, strict=True
        )
    ]
    return Findings(pillars, series, names)


@dataclass(frozen=True)
class _Written:
    """What the experts wrote, and what the guidance suggests, by lever id."""

    observations: Mapping[int, list[Observation]]
    recommendations: Mapping[int, list[Recommendation]]
    guidance: Mapping[int, list[Guidance]]

    @classmethod
    def of(cls, project: Project) -> "_Written":
        observations = Observation.objects.filter(project=project).select_related("question", "by").order_by("pk")
        recommendations = (
            Recommendation.objects.kept()
            .filter(project=project)
            .select_related("lever", "tool")
            .prefetch_related("needs")
            .order_by("number")
        )
        guidance = Guidance.objects.filter(lever__pillar__framework=project.framework).select_related("tool")
        return cls(
            *(_by_lever(rows) for rows in (observations, recommendations, guidance.order_by("lever", "from_level")))
        )


def _by_lever(rows: Any) -> dict[int, list[Any]]:
    grouped: dict[int, list[Any]] = {}
    for row in rows:
        grouped.setdefault(row.lever_id, []).append(row)
    return grouped


# ── The strategy ─────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Item:
    """An item of the checklist with its rating."""

    question: Question
    rating: Criterion

    @property
    def left_out(self) -> str:
        return str(LEFT_OUT_WORDS[self.rating.left_out]) if self.rating.left_out else ""


@dataclass(frozen=True)
class DomainFindings:
    section: Section
    mark: Mark
    items: Sequence[Item]


@dataclass(frozen=True)
class StrategyFindings:
    """The strategy as a whole and its domains, from the experts' checklist."""

    mark: Mark
    domains: Sequence[DomainFindings]


def strategy(checklist: AnswerSheet, scored: Scored) -> StrategyFindings:
    """`scored` is the checklist's level (levels.ProjectLevels.checklist)."""
    whole = outline.structure(checklist.instrument)
    questions, highest = whole.questions, max(whole.levels)
    return StrategyFindings(
        Mark(scored, highest),
        [
            DomainFindings(section, Mark(level, highest), [Item(questions[row.code], row) for row in level.criteria])
            for section, level in zip(whole.sections, scored.children, strict=True)
        ],
    )


@dataclass(frozen=True)
class Sources:
    """Persons met and documents consulted."""

    persons: Sequence[Source]
    documents: Sequence[Source]


def sources(project: Project) -> Sources:
    rows = list(Source.objects.filter(project=project).order_by("pk"))
    return Sources(
        persons=[row for row in rows if row.kind == Source.Kind.PERSON],
        documents=[row for row in rows if row.kind == Source.Kind.DOCUMENT],
    )

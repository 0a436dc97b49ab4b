"""The parts of a document: what its templates show, already in the document's language."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext

from reports.documents.marks import Mark, Standing
from reports.documents.roadmap import Cell
from reports.documents.texts import Label, Said, opening, together

MARGIN_PIECES = 5
LONG_TEXT = 1500  # characters
SHORT_TITLE = 60


@dataclass(frozen=True)
class Entry:
    """A line of the contents and a bookmark; `key` is the heading's id."""

    key: str
    number: str
    title: str
    depth: int  # 1: a chapter, 2: a page in it
    running: str  # in the head of its pages

    @property
    def label(self) -> str:
        return f"{self.number} {self.title}".strip()


@dataclass(frozen=True)
class Piece:
    """A piece of evidence by its title; the file itself stays in the tool."""

    title: str
    url: str
    is_late: bool


@dataclass(frozen=True)
class Descriptor:
    mark: Mark
    text: str
    is_self: bool
    is_validated: bool
    is_next: bool
    is_missing: bool  # between what the criterion has reached and what its lever aims at


@dataclass(frozen=True)
class Response:
    """The country's response to a difference."""

    is_reservation: bool
    said: Said | None
    signature: str


@dataclass(frozen=True)
class Answered:
    """A question with its answer, for tables and the annex."""

    code: str
    label: str  # short where there is one
    text: str
    kind: str
    lines: Sequence[str]  # the answer in words; empty when it was a person's own text
    said: Said | None  # a person's own text
    status: str  # blank, answered, dont_know, not_applicable
    is_confidential: bool
    basis: str
    reason: Said | None
    note: Said | None
    evidence: Sequence[Piece]
    withheld_evidence: int
    is_complement: bool

    @property
    def is_long(self) -> bool:
        """Whether its row may break over pages; others stay whole."""
        texts = (self.said, self.reason, self.note)
        return sum(len(text.text) for text in texts if text) > LONG_TEXT

    @property
    def has_long_note(self) -> bool:
        """Whether the note gets the table's width instead of the answer's column."""
        return self.note is not None and len(self.note.text) > LONG_TEXT


@dataclass(frozen=True)
class Criterion:
    """A criterion with both values side by side, never blended."""

    answered: Answered
    lever: str
    own: Mark
    validated: Mark
    is_validated: bool  # the experts decided, be it on a level or on "not applicable"
    validated_basis: str
    accepts_not_applicable: bool | None
    reason: Said | None
    response: Response | None
    differs: bool
    today: Mark  # of the series that the lever's level is of: validated, where there is one
    descriptors: Sequence[Descriptor]

    @property
    def key_steps(self) -> list[Descriptor]:
        """Of the ladder what matters here: the levels of both series and the next; the lower ones hold too."""
        return [
            step for step in self.descriptors if step.is_self or step.is_validated or step.is_next or step.is_missing
        ]

    @property
    def missing(self) -> list[Descriptor]:
        """What the criterion still lacks of the level that its lever aims at."""
        return [step for step in self.descriptors if step.is_missing]

    @property
    def is_below_target(self) -> bool:
        is_withheld = self.answered.is_confidential and self.today is self.own
        return bool(self.missing) or not (self.today.reached or self.accepts_not_applicable or is_withheld)

    @property
    def unsupported_in(self) -> str:
        """The series whose level nothing supports; "" for neither."""
        names = [gettext("self-assessed")] if self.own.is_unsupported else []
        return together(names + ([gettext("validated")] if self.validated.is_unsupported else []))

    @property
    def code(self) -> str:
        return self.answered.code

    @property
    def label(self) -> str:
        return self.answered.label


@dataclass(frozen=True)
class Recommendation:
    number: int
    name: str  # R1
    lever: str
    lever_short: str
    said: Said
    priority: str  # code, for the disc
    priority_word: str
    horizon: str
    horizon_word: str
    owner: str
    owner_detail: Said | None
    resources: Said | None
    activities: Sequence[str]
    tools: Sequence[Label]  # the one the experts named; otherwise the lever's
    support: str
    needs: Sequence[int]

    @property
    def after(self) -> str:
        return together([f"R{number}" for number in self.needs])

    @property
    def title(self) -> str:
        """Short, for a line of the roadmap."""
        return opening(self.said.text, SHORT_TITLE)


@dataclass(frozen=True)
class Bar:
    """A recommendation's line in the roadmap."""

    row: Recommendation
    cells: Sequence[Cell]
    due: str
    is_late: bool  # after its horizon, because of what it needs


@dataclass(frozen=True)
class Observation:
    kind: str
    kind_word: str
    lever: str
    question: str
    about: str  # the question's short label
    said: Said


@dataclass(frozen=True)
class NextStep:
    """The framework's guidance from the level reached to the next."""

    text: str
    tool: Label | None
    who: str
    horizon: str


@dataclass(frozen=True)
class Lever:
    key: str
    code: str
    label: Label
    short: str
    pillar: str
    pillar_title: str
    own: Standing
    validated: Standing
    standing: Standing  # validated; self-assessed where nothing is validated yet
    target: Mark | None  # the level after the one reached
    criteria: Sequence[Criterion]
    facts: Sequence[Answered]
    observations: Sequence[Observation]
    recommendations: Sequence[Recommendation]
    tools: Sequence[Label]
    support: Label
    support_kind: str
    support_word: str
    next_step: NextStep | None
    is_next_step_adopted: bool  # a recommendation was made from it

    @property
    def running(self) -> str:
        return f"{self.code} {self.short or self.label.text}"

    @property
    def name(self) -> str:
        return f"{self.code} {self.label.text}"

    @property
    def top_priority(self) -> Recommendation | None:
        """The recommendation with the highest priority; they stand in their order of work."""
        return min(self.recommendations, key=lambda row: ("high", "medium", "low").index(row.priority), default=None)

    @property
    def targets(self) -> list[Criterion]:
        """The criteria below the level that the lever aims at."""
        return [criterion for criterion in self.criteria if criterion.is_below_target] if self.target else []

    @property
    def reservations(self) -> list[Criterion]:
        return [row for row in self.criteria if row.differs and row.response and row.response.is_reservation]

    @property
    def to_answer(self) -> int:
        """Of a lever without a level: how many criteria have to be answered first."""
        if self.standing.value is not None:
            return 0
        return sum(not criterion.accepts_not_applicable for criterion in self.criteria)

    @property
    def answers(self) -> list[Answered]:
        return [*(criterion.answered for criterion in self.criteria), *self.facts]

    @property
    def evidence(self) -> list[Piece]:
        return [piece for criterion in self.criteria for piece in criterion.answered.evidence] + [
            piece for fact in self.facts for piece in fact.evidence
        ]

    @property
    def shown_evidence(self) -> list[Piece]:
        """What fits the margin; the annex lists all of it."""
        return self.evidence[:MARGIN_PIECES]

    @property
    def further_evidence(self) -> int:
        return max(len(self.evidence) - MARGIN_PIECES, 0)

    @property
    def withheld_evidence(self) -> int:
        return sum(part.withheld_evidence for part in [*(entry.answered for entry in self.criteria), *self.facts])

    @property
    def unsupported(self) -> list[Criterion]:
        return [criterion for criterion in self.criteria if criterion.unsupported_in]


@dataclass(frozen=True)
class Pillar:
    key: str
    code: str
    number: str
    label: Label
    note: str
    own: Standing
    validated: Standing
    levers: Sequence[Lever]
    introduction: Said | None

    @property
    def weakest(self) -> list[Lever]:
        return [lever for lever in self.levers if lever.code in self.validated.weakest]


@dataclass(frozen=True)
class Domain:
    """A domain of the checklist with its items."""

    key: str
    code: str
    name: str
    text: str
    standing: Standing
    items: Sequence[Answered]
    marks: Sequence[Mark]

    @property
    def rated(self) -> list[tuple[Answered, Mark]]:
        return list(zip(self.items, self.marks, strict=True))


@dataclass(frozen=True)
class Requirement:
    code: str
    label: Label
    text: str
    answers: Sequence[Answered]
    state: str  # yes, partly, no, in words


@dataclass(frozen=True)
class Section:
    """A section of a sheet with all its questions, for the annex."""

    code: str
    name: str
    answers: Sequence[Answered]
    not_asked: Sequence[str]  # codes

    @property
    def title(self) -> str:
        return f"{self.code}. {self.name}"


@dataclass(frozen=True)
class Aim:
    national: Said
    postal: Said | None
    gap: Said | None


@dataclass(frozen=True)
class Source:
    title: Said
    detail: Said | None
    dated_on: str

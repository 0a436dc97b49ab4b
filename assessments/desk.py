"""Reading for the experts: each criterion with the country's answer and their decision on it (METHODOLOGY 5.4, 5.7)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from assessments import outline
from assessments.models import Answer, AnswerSheet, AnswerStatus, SheetState, ValidatedLevel
from assessments.outline import QuestionEntry
from toolkit.models import Question, Section


class Decided(Protocol):
    """What the experts say of a criterion, saved or about to be."""

    @property
    def level(self) -> int | None: ...
    @property
    def accepts_not_applicable(self) -> bool | None: ...
    @property
    def reason(self) -> str: ...


def self_assessed(answer: Answer | None) -> int | None:
    """The level the country claims; None for blank, don't know and not applicable."""
    return answer.value if answer and answer.status == AnswerStatus.ANSWERED else None


def claims_not_applicable(answer: Answer | None) -> bool:
    return answer is not None and answer.status == AnswerStatus.NOT_APPLICABLE


def consent(answer: Answer | None, decided: Decided | None) -> bool | None:
    """The experts' word on "not applicable"; it lapses when the country answers otherwise after a return."""
    return decided.accepts_not_applicable if decided and claims_not_applicable(answer) else None


def differs(answer: Answer | None, decided: Decided | None) -> bool:
    """Whether the experts say otherwise than the country: another level, or a "not applicable" refused.

    A country that does not know, or said nothing, cannot be contradicted.
    """
    if decided is None:
        return False
    if claims_not_applicable(answer):
        return consent(answer, decided) is False
    claimed = self_assessed(answer)
    return claimed is not None and decided.level is not None and decided.level != claimed


def is_settled(answer: Answer | None, decided: Decided | None) -> bool:
    """Whether the decision stands and still fits the answer, which may have changed since (after a return)."""
    if decided is None or (differs(answer, decided) and not decided.reason):
        return False
    if claims_not_applicable(answer):
        return consent(answer, decided) is not None
    return decided.level is not None


def is_reviewable(sheet: AnswerSheet) -> bool:
    """The experts decide on what was signed."""
    return sheet.state in {SheetState.SUBMITTED, SheetState.ACCEPTED}


@dataclass(frozen=True)
class DeskEntry:
    """A criterion on the experts' list."""

    told: QuestionEntry  # the country's side: answer, evidence, warnings
    decision: ValidatedLevel | None

    @property
    def question(self) -> Question:
        return self.told.question

    @property
    def code(self) -> str:
        return self.told.code

    @property
    def answer(self) -> Answer | None:
        return self.told.answer

    @property
    def self_level(self) -> int | None:
        return self_assessed(self.answer)

    @property
    def level(self) -> int | None:
        return self.decision.level if self.decision else None

    @property
    def claims_not_applicable(self) -> bool:
        return claims_not_applicable(self.answer)

    @property
    def is_settled(self) -> bool:
        return is_settled(self.answer, self.decision)

    @property
    def differs(self) -> bool:
        return differs(self.answer, self.decision)


FILTERS = {
    "todo": lambda entry: not entry.is_settled,
    "differing": lambda entry: entry.differs,
    "not_applicable": lambda entry: entry.claims_not_applicable and not entry.is_settled,
    "all": lambda entry: True,
}


@dataclass(frozen=True)
class Desk:
    """Every criterion of the questionnaire that applies, in order, with the decisions so far."""

    sheet: AnswerSheet
    entries: Sequence[DeskEntry]

    @property
    def settled(self) -> int:
        return sum(entry.is_settled for entry in self.entries)

    @property
    def counts(self) -> dict[str, int]:
        """How many entries each filter shows."""
        return {name: len(self.shown(name)) for name in FILTERS}

    def shown(self, name: str) -> list[DeskEntry]:
        return [entry for entry in self.entries if FILTERS[name](entry)]

    def by_section(self, name: str) -> list[tuple[Section, list[DeskEntry]]]:
        """The entries that a filter shows, under their sections."""
        groups: dict[int, tuple[Section, list[DeskEntry]]] = {}
        for entry in self.shown(name):
            groups.setdefault(entry.question.section_id, (entry.question.section, []))[1].append(entry)
        return list(groups.values())

    def around(self, entry: DeskEntry, name: str, count: int = 5) -> list[DeskEntry]:
        """The entry among those the filter shows, with at most `count` before it and after it."""
        queue = [other for other in self.entries if other.code == entry.code or FILTERS[name](other)]
        here = queue.index(entry)
        return queue[max(0, here - count) : here + count + 1]

    def entry(self, code: str) -> DeskEntry | None:
        return next((entry for entry in self.entries if entry.code == code), None)

    def next_after(self, code: str, name: str) -> DeskEntry | None:
        """The next one that the filter shows, from the top again after the last; never the same one."""
        return self._around(code, name, +1)

    def before(self, code: str, name: str) -> DeskEntry | None:
        return self._around(code, name, -1)

    def _around(self, code: str, name: str, way: int) -> DeskEntry | None:
        codes = [entry.code for entry in self.entries]
        here = codes.index(code)
        turned = [self.entries[(here + way * step) % len(codes)] for step in range(1, len(codes))]
        return next((entry for entry in turned if FILTERS[name](entry)), None)


def desk(sheet: AnswerSheet, user: Any) -> Desk:
    """The experts' list of a national sheet. As many queries as `outline.question_entries`, and one."""
    criteria = [question for question in outline.structure(sheet.instrument).questions.values() if question.is_scored]
    decisions = decisions_on(sheet)
    return Desk(
        sheet,
        [
            DeskEntry(entry, decisions.get(entry.question.pk))
            for entry in outline.question_entries(sheet, criteria, user)
            if not entry.is_hidden
        ],
    )


def decisions_on(sheet: AnswerSheet) -> Mapping[int, ValidatedLevel]:
    """The experts' decisions by question id. One query."""
    rows = ValidatedLevel.objects.filter(sheet=sheet).select_related("saved_by", "reservation__by").order_by("pk")
    return {row.question_id: row for row in rows}


def has_word(answer: Answer | None, decision: Decided | None) -> bool:
    """Whether the criterion has a validated level, or its "not applicable" is accepted: what a release would show."""
    return decision is not None and (decision.level is not None or consent(answer, decision) is True)


def criteria_without_level(sheet: AnswerSheet) -> list[Question]:
    """The criteria that apply and have neither a validated level nor an accepted "not applicable", in order."""
    whole = outline.structure(sheet.instrument)
    answers = {answer.question_id: answer for answer in Answer.objects.filter(sheet=sheet).order_by("pk")}
    hidden = whole.hidden(outline.given(list(answers.values()), whole.by_id))
    decisions = decisions_on(sheet)
    return [
        question
        for question in whole.questions.values()
        if question.is_scored
        and question.code not in hidden
        and not has_word(answers.get(question.pk), decisions.get(question.pk))
    ]

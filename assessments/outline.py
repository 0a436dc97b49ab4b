"""Reading a sheet: the instrument's structure (published, so kept in memory) and its answers, in a few queries."""

import datetime
import json
import uuid
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, QuerySet

from assessments import conditions, values
from assessments.conflicts import Conflict, as_fields, conflict
from assessments.models import (
    Answer,
    AnswerRevision,
    AnswerSheet,
    AnswerStatus,
    EvidenceUse,
    OtherAnswer,
    OtherKind,
    RevisionKind,
    SectionAssignment,
    SheetReturn,
    SheetSection,
)
from foundation.languages import active_language
from foundation.statements import Statement
from projects.models import Places, Project
from toolkit.glossary import glossary
from toolkit.models import Audience, Institution, Instrument, Kind, Level, Option, Question, Section, Warning


@dataclass(frozen=True)
class Structure:
    """An instrument whole, in its order. Immutable: a published framework never changes."""

    instrument: Instrument
    levels: Mapping[int, Level]
    sections: Sequence[Section]
    questions: Mapping[str, Question]  # by code, in order
    warnings: Sequence[Warning]

    @cached_property
    def by_id(self) -> dict[int, Question]:
        return {question.pk: question for question in self.questions.values()}

    @cached_property
    def _by_section(self) -> dict[int, list[Question]]:
        found: dict[int, list[Question]] = {section.pk: [] for section in self.sections}
        for question in self.questions.values():
            found[question.section_id].append(question)
        return found

    @cached_property
    def _rules(self) -> list[tuple[str, Mapping[str, str] | None]]:
        return [(question.code, question.condition) for question in self.questions.values()]

    @cached_property
    def decides(self) -> frozenset[str]:
        """The codes of the questions that a condition looks at: what is hidden depends on their answers alone."""
        return frozenset(condition["question"] for _code, condition in self._rules if condition)

    def of_section(self, section: Section) -> list[Question]:
        return self._by_section[section.pk]

    def section(self, code: str) -> Section | None:
        return next((section for section in self.sections if section.code == code), None)

    def hidden(self, given: Mapping[str, conditions.Given]) -> set[str]:
        """The codes of the questions whose condition does not hold."""
        return conditions.hidden(self._rules, given)


@lru_cache(maxsize=32)
def _structure(instrument_id: int, digest: str) -> Structure:
    instrument = Instrument.objects.select_related("framework").get(pk=instrument_id)
    sections = list(instrument.sections.select_related("lever").order_by("position"))
    questions = (
        Question.objects.filter(section__instrument=instrument)
        .select_related("section__lever", "requirement")
        .prefetch_related(Prefetch("options", Option.objects.order_by("axis", "position")))
        .order_by("section__position", "position")
    )
    return Structure(
        instrument=instrument,
        levels={level.number: level for level in instrument.framework.levels.order_by("number")},
        sections=sections,
        questions={question.code: question for question in questions},
        warnings=list(instrument.warnings.select_related("question").order_by("position")),
    )


def structure(instrument: Instrument) -> Structure:
    """The instrument's structure, from memory after the first time. The digest keeps two loads apart."""
    return _structure(instrument.pk, instrument.framework.digest)


def instrument_of(instrument_id: int, digest: str) -> Instrument:
    """The instrument with its framework, which has that digest, from memory. Shared: nobody changes it."""
    return _structure(instrument_id, digest).instrument


def usual_institutions(instrument: Instrument) -> dict[str, list[str]]:
    """By section code: the institutions that usually know its answers, those that know most of them first."""
    whole = structure(instrument)
    return {
        section.code: [
            str(Institution(place).label)
            for place, _count in Counter(question.knows for question in whole.of_section(section)).most_common()
        ]
        for section in whole.sections
    }


def national_sheet(project: Project) -> AnswerSheet:
    return _sheet(project, Audience.NATIONAL)


def experts_sheet(project: Project) -> AnswerSheet | None:
    """The experts' checklist, when the framework has one."""
    return _sheets(project).filter(instrument__audience=Audience.EXPERTS).first()


def _sheet(project: Project, audience: str) -> AnswerSheet:
    return _sheets(project).get(instrument__audience=audience)


def _sheets(project: Project) -> Any:
    return AnswerSheet.objects.filter(project=project).select_related("instrument__framework")


def given(answers: Sequence[Answer] | Any, questions: Mapping[int, Question]) -> dict[str, conditions.Given]:
    """Answers as conditions see them, by question code."""
    return {
        (question := questions[answer.question_id]).code: conditions.Given(question.kind, answer.status, answer.value)
        for answer in answers
    }


@dataclass(frozen=True)
class QuestionEntry:
    """A question of a section page with everything that stands beside it, for one reader."""

    question: Question
    answer: Answer | None
    evidence: Sequence[EvidenceUse]
    warnings: Sequence[Warning]
    is_hidden: bool
    is_withheld: bool  # another institution's confidential answer: that there is one is shown, not what it says
    levels: Mapping[int, Level]
    conflicts: Sequence[AnswerRevision] = ()
    proposal: OtherAnswer | None = None  # to be confirmed or corrected
    views: Sequence[OtherAnswer] = ()  # of other institutions
    save_id: uuid.UUID = field(default_factory=uuid.uuid4)
    beside: Any = None  # threads.Beside, on the section's page
    typed: Mapping[str, Any] | None = None  # what was typed and not saved, with its error
    error: str = ""

    @property
    def code(self) -> str:
        return self.question.code

    @property
    def number(self) -> int:
        """The revision the page shows; what is typed is based on it. 0: none yet."""
        return self.answer.number if self.answer else 0

    @property
    def is_open(self) -> bool:
        """Whether it is asked of the reader and has no answer yet."""
        return self.status == AnswerStatus.BLANK and not self.is_hidden and not self.is_withheld

    @property
    def status(self) -> str:
        return self.typed["status"] if self.typed else self.answer.status if self.answer else AnswerStatus.BLANK

    @property
    def value(self) -> Any:
        if self.typed:
            return self.typed["value"]
        return values.typed_again(self.question.kind, self.answer.value if self.answer else None)

    @property
    def reason(self) -> str:
        return self.typed["reason"] if self.typed else self.answer.reason if self.answer else ""

    @property
    def note(self) -> str:
        return self.typed["note"] if self.typed else self.answer.note if self.answer else ""

    @property
    def basis(self) -> str:
        return self.typed["basis"] if self.typed else self.answer.basis if self.answer else ""

    @property
    def is_confidential(self) -> bool:
        if self.typed:
            return bool(self.typed["is_confidential"])
        return self.answer.is_confidential if self.answer else self.question.is_confidential

    @property
    def two_answers(self) -> list[Conflict]:
        """The reader's refused texts, each beside the answer that stands."""
        return [conflict(self.question, refused, self.answer) for refused in self.conflicts if self.answer]

    @property
    def confirming(self) -> str:
        """JSON of the fields that take the proposal for the answer (static/answers.js)."""
        if not self.proposal:
            return ""
        self.proposal.question = self.question
        fields = as_fields(self.question, self.proposal.confirmed_content)
        return json.dumps([*fields, (f"{self.code}:proposal", str(self.proposal.public_id))])

    @property
    def choices(self) -> list[Option]:
        return [option for option in self.question.options.all() if option.axis == "option"]

    @property
    def next_descriptor(self) -> Option | None:
        """What must hold beside all that is claimed, for a criterion to be one level higher; None at the top."""
        if self.question.kind != Kind.CRITERION or self.status != AnswerStatus.ANSWERED:
            return None
        return next((option for option in self.choices if int(option.code) == int(self.value or 0) + 1), None)


@dataclass(frozen=True)
class SectionEntry:
    """A section in the list of sections, with its counters."""

    section: Section
    counters: SheetSection
    minutes_left: int
    assignment: SectionAssignment | None = None

    @property
    def is_complete(self) -> bool:
        return self.counters.answered >= self.counters.applicable

    @property
    def is_to_fill(self) -> bool:
        """Whether it is open for answers and lacks some."""
        return self.counters.is_open and not self.is_complete

    @property
    def due_on(self) -> datetime.date | None:
        return self.assignment.due_on if self.assignment else None

    @property
    def is_overdue(self) -> bool:
        return self.assignment is not None and self.assignment.is_late and not self.is_complete

    def is_for(self, user: Any, institutions: Collection[str]) -> bool:
        """Whether the section is the person's to answer: by name, or as one of the institution's."""
        if self.assignment is None:
            return False
        person = self.assignment.person
        return person.pk == user.pk if person else self.assignment.institution in institutions


def section_entries(sheet: AnswerSheet) -> list[SectionEntry]:
    """The sections of a sheet in order, with what is left to do and who answers them. One query."""
    return _in_order(sheet, SECTIONS(sheet=sheet.pk))


def section_entries_of(sheets: Sequence[AnswerSheet]) -> dict[int, list[SectionEntry]]:
    """The sections of each sheet in order, by its id, with what is left to do and who answers them. One query."""
    rows: dict[int, list[SheetSection]] = {sheet.pk: [] for sheet in sheets}
    for row in _sections().filter(sheet__in=sheets):
        rows[row.sheet_id].append(row)
    return {sheet.pk: _in_order(sheet, rows[sheet.pk]) for sheet in sheets}


def _sections() -> QuerySet[SheetSection]:
    return SheetSection.objects.select_related("assignment__member__user").order_by("pk")


def _in_order(sheet: AnswerSheet, rows: Sequence[SheetSection]) -> list[SectionEntry]:
    counters = {row.section_id: row for row in rows}
    return [_section_entry(section, counters[section.pk]) for section in structure(sheet.instrument).sections]


def _section_entry(section: Section, counters: SheetSection) -> SectionEntry:
    return SectionEntry(section, counters, _minutes_left(section, counters), getattr(counters, "assignment", None))


def waiting_for(entries: Sequence[SectionEntry], own: Sequence[SectionEntry]) -> list[SectionEntry]:
    """The sections that a person can go on with: their own, the first due first; then those that nobody was given."""
    first = sorted(own, key=lambda entry: entry.due_on or datetime.date.max)
    return [entry for entry in [*first, *(entry for entry in entries if not entry.assignment)] if entry.is_to_fill]


def _minutes_left(section: Section, counters: SheetSection) -> int:
    if not counters.applicable:
        return 0
    return -(-section.minutes * (counters.applicable - counters.answered) // counters.applicable)


# What a section page asks at each view, written once (foundation/statements.py).
ANSWERS = Statement(lambda sheet: Answer.objects.filter(sheet=sheet).select_related("saved_by").order_by("pk"), "sheet")
OTHERS = Statement(
    lambda sheet: (
        OtherAnswer.objects.filter(sheet=sheet)
        .standing()  # type: ignore[attr-defined]
        .select_related("saved_by", "submission")
        .order_by("pk")
    ),
    "sheet",
)
SECTIONS = Statement(lambda sheet: _sections().filter(sheet=sheet), "sheet")
RETURNS = Statement(
    lambda sheet: SheetReturn.objects.filter(sheet=sheet).select_related("section", "by").order_by("-at", "-pk")[:40],
    "sheet",
)


def _refused(sheet: Any, user: Any) -> Any:
    newer = AnswerRevision.objects.filter(
        sheet=OuterRef("sheet"), question=OuterRef("question"), saved_by=OuterRef("saved_by"), pk__gt=OuterRef("pk")
    )
    own = AnswerRevision.objects.filter(sheet=sheet, saved_by=user, kind=RevisionKind.REFUSED)
    return own.filter(~Exists(newer)).order_by("pk")


REFUSED = Statement(_refused, "sheet", "user")


@lru_cache(maxsize=256)
def _uses(places: Places, *asked: str) -> Statement:
    """What people at these places may read of a sheet's evidence; of one section, where it is asked for."""

    def build(sheet: Any, **section: Any) -> Any:
        rows = EvidenceUse.objects.filter(piece__sheet=sheet, **section).kept().readable_from(places)
        return rows.select_related("piece__file__scan", "added_by").order_by("added_at", "pk")

    return Statement(build, "sheet", *asked)


def question_entries(sheet: AnswerSheet, questions: Sequence[Question], user: Any) -> list[QuestionEntry]:
    """The questions with answers, evidence, warnings and what is hidden, as `user` may see them. Four queries."""
    whole = structure(sheet.instrument)
    project = sheet.project
    answers = ANSWERS(sheet=sheet.pk)
    answered = {answer.question_id: answer for answer in answers}
    facts = given(answers, whole.by_id)
    hidden = whole.hidden(facts)
    evidence: dict[int, list[EvidenceUse]] = {}
    parts = {question.section_id for question in questions}
    of_part = {"question__section": parts.pop()} if len(parts) == 1 else {}
    for use in _uses(project.places_of(user), *of_part)(sheet=sheet.pk, **of_part):
        evidence.setdefault(use.question_id, []).append(use)
    conflicts = open_conflicts(sheet, user)
    others = standing_others(sheet, user)
    entries = []
    for question in questions:
        answer = answered.get(question.pk)
        withheld = answer is not None and not answer.is_readable_by(user, project)
        entries.append(
            QuestionEntry(
                question=question,
                answer=None if withheld else answer,
                evidence=evidence.get(question.pk, []),
                warnings=holding_warnings(whole, question, facts, hidden),
                is_hidden=question.code in hidden,
                is_withheld=withheld,
                levels=whole.levels,
                conflicts=[] if withheld else conflicts.get(question.pk, []),
                proposal=None if withheld else next(iter(others.get((question.pk, OtherKind.PROPOSED), [])), None),
                views=[] if withheld else others.get((question.pk, OtherKind.DIFFERING), []),
            )
        )
    return entries


def standing_others(sheet: AnswerSheet, user: Any) -> dict[tuple[int, str], list[OtherAnswer]]:
    """What stands beside the answers and the person may read, by question and kind. One query."""
    found: dict[tuple[int, str], list[OtherAnswer]] = {}
    for row in OTHERS(sheet=sheet.pk):
        if row.is_readable_by(user, sheet.project):
            found.setdefault((row.question_id, row.kind), []).append(row)
    return found


def explanations(sheet: AnswerSheet, questions: Sequence[Question], *texts: Any) -> dict[str, Any]:
    """For a page of these questions and other texts of the framework: the words explained on it, and the levels.

    `ladder`: each level with an example, where a criterion is asked.
    """
    whole = structure(sheet.instrument)
    words = glossary(whole.instrument.framework.code)
    language = active_language()
    shown = [*texts, *(text for question in questions for text in (question.text, question.help, question.evidence))]
    shown += [option.text for question in questions for option in question.options.all()]
    is_criterion = any(question.kind == Kind.CRITERION for question in questions)
    return {
        "words": words,
        "words_used": words.used([text.in_(language) for text in shown if text], language),
        "levels": whole.levels,
        "ladder": [(level, words.levels.get(level.number)) for level in whole.levels.values()] if is_criterion else [],
    }


def open_conflicts(sheet: AnswerSheet, user: Any) -> dict[int, list[AnswerRevision]]:
    """The person's own refused texts that nothing of theirs has replaced since, by question. One query."""
    return {revision.question_id: [revision] for revision in REFUSED(sheet=sheet.pk, user=user.pk)}


def holding_warnings(
    whole: Structure, question: Question, facts: Mapping[str, conditions.Given], hidden: set[str]
) -> list[Warning]:
    """The consistency warnings that hold beside this question; they never block."""
    return [
        warning
        for warning in whole.warnings
        if warning.question_id == question.pk
        and conditions.holds(warning.when, facts, hidden)
        and not (warning.unless and conditions.holds(warning.unless, facts, hidden))
    ]


def last_returns(sheet: AnswerSheet) -> list[SheetReturn]:
    """Why the sheet is open again: the last return's comments, whole or by section; [] when there was none."""
    returns = RETURNS(sheet=sheet.pk)
    return [entry for entry in returns if entry.at == returns[0].at] if returns else []


SPECIAL_VALUES = (AnswerStatus.DONT_KNOW, AnswerStatus.NOT_APPLICABLE)

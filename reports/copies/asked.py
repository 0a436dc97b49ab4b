"""What a copy of the questionnaire asks, and what it says already to the one person it is made for. Few queries."""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import formats, timezone
from django.utils.translation import gettext

from assessments import values
from assessments.models import Answer, AnswerSheet, AnswerStatus, Basis, EvidenceUse, OtherAnswer, OtherKind
from assessments.outline import Structure, standing_others, structure
from toolkit.models import Kind, Level, Option, Question, Section


@dataclass(frozen=True)
class Choice:
    code: str
    text: str
    is_chosen: bool
    mark: str = ""  # the level's figure and name
    name: str = ""

    @property
    def words(self) -> str:
        return f"{self.mark} {self.name}. {self.text}" if self.mark else self.text


@dataclass(frozen=True)
class View:
    """What another institution holds beside the answer, and why."""

    title: str
    lines: Sequence[str]
    why: str
    language: str


@dataclass(frozen=True)
class Asked:
    """A question as a copy shows it, in the copy's language, which is the active one."""

    question: Question
    answer: Answer | None  # None: none yet, a blank copy, or withheld
    is_withheld: bool  # another institution's confidential answer
    language: str
    levels: Mapping[int, Level]
    asked_first: Question | None  # the one its condition looks at
    views: Sequence[View] = ()  # of other institutions; none where the answer is withheld
    pieces: Sequence[str] = ()  # the evidence that the reader may read: title, where to look, address

    @property
    def code(self) -> str:
        return self.question.code

    @property
    def kind(self) -> str:
        return self.question.kind

    def say(self, texts: Any) -> str:
        return texts.in_(self.language)

    @property
    def text(self) -> str:
        return self.say(self.question.text)

    @property
    def help(self) -> str:
        return self.say(self.question.help)

    @property
    def evidence(self) -> str:
        return self.say(self.question.evidence)

    @property
    def knows(self) -> str:
        return str(self.question.get_knows_display())

    @property
    def unit(self) -> str:
        return "%" if self.kind == Kind.PERCENTAGE else self.say(self.question.unit)

    def options(self, axis: str = "option") -> list[Option]:
        return [option for option in self.question.options.all() if option.axis == axis]

    @property
    def value(self) -> Any:
        return self.answer.value if self.answer else None

    @property
    def status(self) -> str:
        return self.answer.status if self.answer else AnswerStatus.BLANK

    @property
    def number(self) -> int:
        """The revision that the copy shows; 0: none."""
        return self.answer.number if self.answer else 0

    @property
    def reason(self) -> str:
        return self.answer.reason if self.answer else ""

    @property
    def entered_for(self) -> str:
        """Whose word it is, where somebody else typed it in."""
        if not self.answer or not self.answer.is_on_behalf:
            return ""
        about = {"who": self.answer.get_institution_display(), "name": self.answer.saved_by.name}
        return gettext("Entered for: %(who)s, by %(name)s") % about

    @property
    def note(self) -> str:
        return self.answer.note if self.answer else ""

    @property
    def is_confidential(self) -> bool:
        return self.answer.is_confidential if self.answer else self.question.is_confidential

    @property
    def condition(self) -> str:
        """When it is asked, as a sentence; "" when always."""
        if self.asked_first is None:
            return ""
        operator, wanted = self.question.condition["operator"], self.question.condition.get("value", "")
        words = {"code": self.asked_first.code, "value": self._said_of(self.asked_first, wanted)}
        if operator == "answered":
            return gettext("Only if %(code)s has an answer.") % words
        if operator == "is":
            return gettext("Only if the answer to %(code)s is “%(value)s”.") % words
        if operator == "is_not":
            return gettext("Only if the answer to %(code)s is another one than “%(value)s”.") % words
        if operator == "includes":
            return gettext("Only if the answer to %(code)s includes “%(value)s”.") % words
        return gettext("Only if the answer to %(code)s is %(value)s or more.") % words

    def _said_of(self, question: Question, wanted: str) -> str:
        if question.kind == Kind.YES_PARTLY_NO:
            return str(values.YES_PARTLY_NO[wanted])
        texts = {(option.axis, option.code): self.say(option.text) for option in question.options.all()}
        if question.kind == Kind.TABLE:
            row, _colon, column = wanted.partition(":")
            return gettext("%(row)s: %(choice)s") % {"row": texts["row", row], "choice": texts["column", column]}
        return wanted if question.is_scored else texts.get(("option", wanted), wanted)

    @property
    def choices(self) -> list[Choice]:
        """What can be chosen, with what is; [] for the kinds where one writes."""
        if self.kind == Kind.CRITERION:
            return [
                Choice(
                    option.code,
                    self.say(option.text),
                    str(self.value) == option.code,
                    option.code,
                    self.say(self.levels[int(option.code)].name),
                )
                for option in self.options()
            ]
        if self.kind == Kind.RATING:
            return [
                Choice(str(number), self.say(level.text), self.value == number, str(number), self.say(level.name))
                for number, level in self.levels.items()
            ]
        if self.kind == Kind.YES_PARTLY_NO:
            return [Choice(code, str(words), self.value == code) for code, words in values.YES_PARTLY_NO.items()]
        chosen = self.value if isinstance(self.value, list) else [self.value]
        return [Choice(option.code, self.say(option.text), option.code in chosen) for option in self.options()]

    @property
    def columns(self) -> list[str]:
        return [self.say(option.text) for option in self.options("column")]

    @property
    def rows(self) -> list[tuple[str, list[bool]]]:
        """Of a table: each row with which of its columns is chosen."""
        chosen = self.value or {}
        columns = [option.code for option in self.options("column")]
        return [
            (self.say(row.text), [chosen.get(row.code) == column for column in columns]) for row in self.options("row")
        ]

    @property
    def written(self) -> str:
        """What was written, in the copy's notation; "" for the kinds where one chooses."""
        if self.value is None or self.kind in {Kind.TABLE, Kind.MONEY} or self.choices:
            return ""
        if self.kind in {Kind.NUMBER, Kind.PERCENTAGE}:
            return values.number_text(self.value)
        if self.kind == Kind.DATE:
            return formats.date_format(datetime.date.fromisoformat(self.value), "DATE_FORMAT")
        return str(self.value)

    @property
    def amount(self) -> str:
        return values.number_text(self.value["amount"]) if self.kind == Kind.MONEY and self.value else ""

    @property
    def currency(self) -> str:
        return str(self.value["currency"]) if self.kind == Kind.MONEY and self.value else ""

    @property
    def bases(self) -> list[Choice]:
        """What an answer may rest on; [] where that is not asked."""
        if not self.question.is_scored:
            return []
        basis = self.answer.basis if self.answer else ""
        return [Choice(code, str(label), code == basis) for code, label in Basis.choices]

    @property
    def is_unknown(self) -> bool:
        return self.status == AnswerStatus.DONT_KNOW

    @property
    def does_not_apply(self) -> bool:
        return self.status == AnswerStatus.NOT_APPLICABLE


@dataclass(frozen=True)
class Part:
    section: Section
    name: str
    text: str
    questions: Sequence[Asked]


@dataclass(frozen=True)
class Questionnaire:
    """A copy's content: `parts` in order, read at `taken_at` for one person."""

    sheet: AnswerSheet
    whole: Structure
    language: str
    is_filled: bool
    section: Section | None
    taken_at: datetime.datetime
    parts: Sequence[Part]

    @property
    def questions(self) -> list[Asked]:
        return [question for part in self.parts for question in part.questions]


def read(sheet: AnswerSheet, *, section: Section | None, is_filled: bool, language: str, reader: Any) -> Questionnaire:
    """What the copy holds: the questions, and, if `is_filled`, the answers that the reader may read."""
    whole = structure(sheet.instrument)
    taken_at = timezone.now()
    rows = Answer.objects.filter(sheet=sheet).select_related("saved_by").order_by("pk")
    answers = {answer.question_id: answer for answer in rows} if is_filled else {}
    others = standing_others(sheet, reader) if is_filled else {}
    pieces: dict[int, list[str]] = {}
    for use in _uses(sheet, reader) if is_filled else ():
        pieces.setdefault(use.question_id, []).append(_piece(use))
    parts = [
        Part(
            section=part,
            name=part.name.in_(language),
            text=part.text.in_(language),
            questions=[
                _asked(
                    sheet,
                    whole,
                    question,
                    answers.get(question.pk),
                    others.get((question.pk, OtherKind.DIFFERING), []),
                    pieces.get(question.pk, []),
                    language,
                    reader,
                )
                for question in whole.of_section(part)
            ],
        )
        for part in whole.sections
        if section is None or part.pk == section.pk
    ]
    return Questionnaire(sheet, whole, language, is_filled, section, taken_at, parts)


def _asked(
    sheet: AnswerSheet, whole: Structure, question: Question, answer: Answer | None, views: Sequence[OtherAnswer],
    pieces: Sequence[str], language: str, reader: Any,
) -> Asked:  # fmt: skip
    is_withheld = answer is not None and not answer.is_readable_by(reader, sheet.project)
    return Asked(
        question=question,
        answer=None if is_withheld else answer,
        is_withheld=is_withheld,
        language=language,
        levels=whole.levels,
        asked_first=whole.questions[question.condition["question"]] if question.condition else None,
        views=[] if is_withheld else [_view(question, view, language) for view in views],
        pieces=[] if is_withheld else pieces,
    )


def _uses(sheet: AnswerSheet, reader: Any) -> Iterable[EvidenceUse]:
    uses = EvidenceUse.objects.filter(piece__sheet=sheet).kept().readable_by(reader, sheet.project)
    return uses.select_related("piece").order_by("added_at", "pk")


def _piece(use: EvidenceUse) -> str:
    """A piece as paper says it."""
    where = gettext("where to look: %(pages)s") % {"pages": use.pages} if use.pages else ""
    address = use.piece.url if use.piece.url != use.piece.title else ""
    return ", ".join(filter(None, [use.piece.title, where, address]))


def _view(question: Question, view: OtherAnswer, language: str) -> View:
    said = values.in_words(question, view.value, language) or [str(view.get_status_display())]
    return View(
        title=gettext("Differing view: %(institution)s") % {"institution": view.get_institution_display()},
        lines=[line for line in (*said, view.reason, view.note) if line],
        why=view.grounds,
        language=view.language,
    )


def section_of(sheet: AnswerSheet, code: str) -> Section | None:
    """The section of that code; None for "", the whole questionnaire."""
    return structure(sheet.instrument).section(code) if code else None

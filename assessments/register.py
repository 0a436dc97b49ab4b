"""Reading the evidence register: each piece, the answers that rest on it; what is still asked for, from whom."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assessments import outline
from assessments.models import Answer, AnswerSheet, Basis, Evidence, EvidenceUse, SectionAssignment
from projects.models import Membership, Project
from projects.permissions import Role
from toolkit.models import Institution, Question


@dataclass(frozen=True)
class Entry:
    """A piece with the answers that rest on it, as the reader may know them."""

    piece: Evidence
    uses: Sequence[EvidenceUse]
    is_confidential: bool  # by its own tick, or by that of an answer that it supports

    @property
    def is_late(self) -> bool:
        return any(use.is_late for use in self.uses)


@dataclass(frozen=True)
class Asked:
    """A question whose evidence the reader does not find."""

    question: Question
    is_claimed: bool  # the answer says that it rests on a document
    assignment: SectionAssignment | None  # of its section


FILTERS = {
    "all": lambda entry: True,
    "files": lambda entry: entry.piece.file_id is not None,
    "links": lambda entry: entry.piece.file_id is None,
    "late": lambda entry: entry.is_late,
    "confidential": lambda entry: entry.is_confidential,
}


@dataclass(frozen=True)
class Register:
    entries: Sequence[Entry]
    asked: Mapping[Institution, Sequence[Asked]]  # by the institution that usually knows
    people: Mapping[Institution, Sequence[str]]  # names of the team, by institution

    @property
    def counts(self) -> dict[str, int]:
        """How many pieces each filter shows."""
        return {name: len(self.shown(name)) for name in FILTERS}

    def shown(self, name: str) -> list[Entry]:
        return [entry for entry in self.entries if FILTERS[name](entry)]

    @property
    def missing(self) -> int:
        return sum(len(questions) for questions in self.asked.values())

    @property
    def to_ask(self) -> list[tuple[Institution, Sequence[Asked], Sequence[str]]]:
        return [(place, self.asked[place], self.people.get(place, ())) for place in self.asked]


def register(sheet: AnswerSheet, user: Any) -> Register:
    """The evidence of a sheet as the reader may see it. Four queries."""
    whole = outline.structure(sheet.instrument)
    answers = {answer.question_id: answer for answer in Answer.objects.filter(sheet=sheet).order_by("pk")}
    entries = entries_of(sheet, user, answers)
    supported = {use.question_id for entry in entries for use in entry.uses}
    hidden = whole.hidden(outline.given(list(answers.values()), whole.by_id))
    assigned = {entry.section.pk: entry.assignment for entry in outline.section_entries(sheet)}
    asked: dict[Institution, list[Asked]] = {}
    for question in whole.questions.values():
        answer = answers.get(question.pk)
        if question.code in hidden or question.pk in supported:
            continue
        if answer is not None and not answer.is_readable_by(user, sheet.project):
            continue  # what it rests on is its institution's to know
        is_claimed = answer is not None and answer.basis == Basis.DOCUMENT
        if question.evidence or is_claimed:
            wanting = Asked(question, is_claimed, assigned[question.section_id])
            asked.setdefault(Institution(question.knows), []).append(wanting)
    return Register(entries, asked, people_of(sheet.project))


def entries_of(sheet: AnswerSheet, user: Any, answers: Mapping[int, Answer]) -> list[Entry]:
    """The pieces that the reader may see, in the order in which they were added. One query."""
    whole = outline.structure(sheet.instrument)
    uses = EvidenceUse.objects.filter(piece__sheet=sheet).kept().readable_by(user, sheet.project)
    by_piece: dict[int, list[EvidenceUse]] = {}
    for use in uses.select_related("piece__file__scan", "piece__added_by", "added_by").order_by(
        "piece__added_at", "piece_id"
    ):
        use.question = whole.by_id[use.question_id]
        by_piece.setdefault(use.piece_id, []).append(use)
    order = {code: place for place, code in enumerate(whole.questions)}
    secret = {number for number, answer in answers.items() if answer.is_confidential}
    return [
        Entry(
            piece=of_piece[0].piece,
            uses=sorted(of_piece, key=lambda use: order[use.question.code]),
            is_confidential=of_piece[0].piece.is_confidential or any(use.question_id in secret for use in of_piece),
        )
        for of_piece in by_piece.values()
    ]


def entry_of(sheet: AnswerSheet, piece: Evidence, user: Any) -> Entry:
    """One piece that the reader may see."""
    answers = {answer.question_id: answer for answer in Answer.objects.filter(sheet=sheet).order_by("pk")}
    known = (entry for entry in entries_of(sheet, user, answers) if entry.piece == piece)
    return next(known, Entry(piece, [], piece.is_confidential))  # none of its uses may be known


def people_of(project: Project) -> dict[Institution, list[str]]:
    """The names of those who answer, by the institution that they stand for. One query."""
    names: dict[Institution, list[str]] = {}
    asked = Membership.objects.current().filter(project=project, role__in=[Role.COORDINATOR, Role.CONTRIBUTOR])
    for membership in asked.select_related("user").order_by("user__name", "pk"):
        if membership.user.name not in names.setdefault(Institution(membership.institution), []):
            names[Institution(membership.institution)].append(membership.user.name)
    return names

"""What is still missing in a questionnaire, by who has it: the person, or the institution, that answers the section."""

from collections.abc import Sequence
from dataclasses import dataclass

from assessments.models import Answer, AnswerSheet
from assessments.outline import SectionEntry, Structure, structure
from assessments.progress import Totals, totals
from toolkit.models import Institution, Question


@dataclass(frozen=True)
class Holder:
    """Who has to answer these questions, in their order."""

    institution: str
    person: str  # "": whoever of the institution
    questions: Sequence[Question]

    @property
    def institution_name(self) -> str:
        return str(Institution(self.institution).label)


def unanswered(sheet: AnswerSheet) -> list[Question]:
    """The core questions that apply and have no answer at all, in their order. One query."""
    whole = structure(sheet.instrument)
    return without_answer(whole, totals(whole, list(Answer.objects.filter(sheet=sheet).order_by("pk"))))


def without_answer(whole: Structure, now: Totals) -> list[Question]:
    """The same, of what was read already."""
    replied = {code for code, fact in now.facts.items() if fact.status != "blank"}
    return [
        question
        for code, question in whole.questions.items()
        if question.is_core and code not in now.hidden and code not in replied
    ]


def by_holder(questions: Sequence[Question], sections: Sequence[SectionEntry]) -> list[Holder]:
    """Grouped by who answers the section; where nobody is named, by the institution that usually knows the answer."""
    assigned = {entry.section.pk: entry.assignment for entry in sections if entry.assignment}
    found: dict[tuple[str, str], list[Question]] = {}
    for question in questions:
        assignment = assigned.get(question.section_id)
        institution = assignment.institution if assignment else question.knows
        person = assignment.person.name if assignment and assignment.person else ""
        found.setdefault((institution, person), []).append(question)
    order = list(Institution.values)
    return [Holder(*key, found[key]) for key in sorted(found, key=lambda key: (order.index(key[0]), key[1]))]

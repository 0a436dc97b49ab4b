"""The counters of a sheet and its sections: computed from the answers, written where they changed."""

from collections.abc import Sequence
from dataclasses import dataclass

from assessments.models import Answer, AnswerSheet, SheetSection
from assessments.outline import Structure, given, structure


@dataclass(frozen=True)
class Count:
    answered: int
    applicable: int


def counts(whole: Structure, answers: Sequence[Answer]) -> tuple[dict[int, Count], set[str]]:
    """Answered and applicable core questions by section id, and the codes of the hidden questions.

    "Don't know" and "not applicable" are replies; blank is not. A hidden question is neither applicable nor counted.
    """
    facts = given(answers, whole.by_id)
    hidden = whole.hidden(facts)
    replied = {code for code, fact in facts.items() if fact.status != "blank"}
    totals = {section.pk: [0, 0] for section in whole.sections}
    for question in whole.questions.values():
        if question.is_core and question.code not in hidden:
            totals[question.section_id][0] += question.code in replied
            totals[question.section_id][1] += 1
    return {pk: Count(*pair) for pk, pair in totals.items()}, hidden


def recount(sheet: AnswerSheet, answers: Sequence[Answer]) -> set[str]:
    """Write the counters of the locked sheet from all its current answers; the codes of the hidden questions."""
    whole = structure(sheet.instrument)
    totals, hidden = counts(whole, answers)
    for row in SheetSection.objects.filter(sheet=sheet):
        count = totals[row.section_id]
        if (row.answered, row.applicable) != (count.answered, count.applicable):
            SheetSection.objects.filter(pk=row.pk).update(answered=count.answered, applicable=count.applicable)
    sheet.answered = sum(count.answered for count in totals.values())
    sheet.applicable = sum(count.applicable for count in totals.values())
    AnswerSheet.objects.filter(pk=sheet.pk).update(answered=sheet.answered, applicable=sheet.applicable)
    for answer in answers:
        is_counted = whole.by_id[answer.question_id].code not in hidden
        if answer.is_counted != is_counted:
            answer.is_counted = is_counted
            Answer.objects.filter(pk=answer.pk).update(is_counted=is_counted)
    return hidden

"""The counters of a sheet and its sections: computed from answers and decisions, written where those changed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.db import transaction
from django.db.models import F

from assessments.conditions import Given
from assessments.desk import has_word
from assessments.models import Answer, AnswerSheet, SheetSection, ValidatedLevel
from assessments.outline import Structure, given, instrument_of, structure
from toolkit.models import Audience


@dataclass(frozen=True)
class Count:
    answered: int
    applicable: int


@dataclass(frozen=True)
class Totals:
    """What the counters of a sheet are, and what they come from."""

    sections: dict[int, Count]  # by section id
    hidden: set[str]  # codes
    facts: dict[str, Given]  # the answers as conditions see them, by code

    @cached_property
    def sheet(self) -> Count:
        counts = self.sections.values()
        return Count(sum(count.answered for count in counts), sum(count.applicable for count in counts))


def totals(whole: Structure, answers: Sequence[Answer]) -> Totals:
    """Answered and applicable core questions by section.

    "Don't know" and "not applicable" are replies; blank is not. A hidden question is neither applicable nor counted.
    """
    facts = given(answers, whole.by_id)
    hidden = whole.hidden(facts)
    replied = {code for code, fact in facts.items() if fact.status != "blank"}
    sections = {section.pk: [0, 0] for section in whole.sections}
    for question in whole.questions.values():
        if question.is_core and question.code not in hidden:
            sections[question.section_id][0] += question.code in replied
            sections[question.section_id][1] += 1
    return Totals({pk: Count(*pair) for pk, pair in sections.items()}, hidden, facts)


def totals_after(before: Totals, whole: Structure, answer: Answer, answers: Sequence[Answer]) -> Totals:
    """The totals once `answer` is another and all else stands as before: the same as `totals`, for less work.

    `answers`: all of them, this one among them.
    """
    question = whole.by_id[answer.question_id]
    if question.code in whole.decides:
        return totals(whole, answers)
    facts = before.facts | given([answer], whole.by_id)
    if not question.is_core or question.code in before.hidden:
        return Totals(before.sections, before.hidden, facts)
    count = before.sections[question.section_id]
    was_replied = question.code in before.facts and before.facts[question.code].status != "blank"
    answered = count.answered - was_replied + answer.is_given
    return Totals(before.sections | {question.section_id: Count(answered, count.applicable)}, before.hidden, facts)


def undecided(
    whole: Structure, hidden: set[str], answers: Sequence[Answer], decisions: Iterable[ValidatedLevel]
) -> int:
    """The criteria that apply without the experts' word; on their own checklist none: the rating is their word."""
    if whole.instrument.audience == Audience.EXPERTS:
        return 0
    by_question = {answer.question_id: answer for answer in answers}
    word = {row.question_id for row in decisions if has_word(by_question.get(row.question_id), row)}
    return sum(
        question.is_scored and question.code not in hidden and question.pk not in word
        for question in whole.questions.values()
    )


def recount(
    sheet: AnswerSheet,
    answers: Sequence[Answer],
    *,
    changed: Answer | None = None,
    before: Totals | None = None,
    is_word_kept: bool = False,
) -> Totals:
    """Write the counters of the locked sheet from all its current answers; what they are now.

    `before`: what they were, where the caller knows, and which answer changed; then only what became another is
    written. `is_word_kept`: no criterion began or ceased to be "not applicable", so that as long as the same are
    hidden, as many are undecided.
    """
    whole = structure(sheet.instrument)
    now = totals_after(before, whole, changed, answers) if before and changed else totals(whole, answers)
    for pk, count in now.sections.items():
        if before is None or before.sections[pk] != count:
            SheetSection.objects.filter(sheet=sheet, section=pk).update(
                answered=count.answered, applicable=count.applicable
            )
    stood = (sheet.answered, sheet.applicable, sheet.undecided)
    sheet.answered, sheet.applicable = now.sheet.answered, now.sheet.applicable
    if before is None or not is_word_kept or now.hidden != before.hidden:
        sheet.undecided = undecided(whole, now.hidden, answers, decisions_on(sheet))
    if stood != (sheet.answered, sheet.applicable, sheet.undecided):
        AnswerSheet.objects.filter(pk=sheet.pk).update(
            answered=sheet.answered, applicable=sheet.applicable, undecided=sheet.undecided
        )
    for answer in answers:
        is_counted = whole.by_id[answer.question_id].code not in now.hidden
        if answer.is_counted != is_counted:
            answer.is_counted = is_counted
            Answer.objects.filter(pk=answer.pk).update(is_counted=is_counted)
    return now


def decisions_on(sheet: AnswerSheet) -> list[ValidatedLevel]:
    return list(ValidatedLevel.objects.filter(sheet=sheet).order_by("pk"))


@transaction.atomic
def mend(sheet_id: int, *, write: bool = True) -> list[str]:
    """Compute the counters of a sheet anew, under its lock; each that differed, in words.

    Mends them, unless `write` is False."""
    sheets = AnswerSheet.objects.select_for_update(of=("self",)).annotate(digest=F("instrument__framework__digest"))
    sheet = sheets.get(pk=sheet_id)
    sheet.instrument = instrument_of(sheet.instrument_id, sheet.digest)
    whole = structure(sheet.instrument)
    answers = list(Answer.objects.filter(sheet=sheet).order_by("pk"))
    now = totals(whole, answers)
    rows = {row.section_id: Count(row.answered, row.applicable) for row in sheet.sections.all()}
    pairs: dict[str, tuple[object, object]] = {
        f"section {section.code}": (rows.get(section.pk), now.sections[section.pk]) for section in whole.sections
    }
    pairs["sheet"] = (Count(sheet.answered, sheet.applicable), now.sheet)
    pairs["undecided"] = (sheet.undecided, undecided(whole, now.hidden, answers, decisions_on(sheet)))
    for answer in answers:
        code = whole.by_id[answer.question_id].code
        pairs[f"answer {code} is counted"] = (answer.is_counted, code not in now.hidden)
    found = [f"{what}: {stands}, computed {anew}" for what, (stands, anew) in pairs.items() if stands != anew]
    if found and write:
        recount(sheet, answers)
    return found

"""The minimum requirements of a project: gates that are shown, never scored (METHODOLOGY 5.9)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from assessments import outline, scoring
from assessments.models import Answer, AnswerSheet, AnswerStatus
from toolkit.models import Requirement


class Met(models.TextChoices):
    """What the country says of a requirement; of several answers the gravest counts (`scoring.gate`)."""

    NO = "no", _("No")
    BLANK = "blank", _("Not answered yet")
    DONT_KNOW = "dont_know", _("Don’t know")
    PARTLY = "partly", _("Partly")
    WITHHELD = "withheld", _("Confidential")
    NOT_APPLICABLE = "not_applicable", _("Not applicable")
    YES = "yes", _("Yes")


@dataclass(frozen=True)
class RequirementEntry:
    requirement: Requirement
    met: Met
    section: str  # code of the questionnaire's section that asks for it


def requirement_entries(sheet: AnswerSheet, user: Any) -> list[RequirementEntry]:
    """Each requirement that the questionnaire asks about, as the reader may know it. One query."""
    asked = [question for question in outline.structure(sheet.instrument).questions.values() if question.requirement]
    answers = {
        answer.question_id: _met(answer) if answer.is_readable_by(user, sheet.project) else Met.WITHHELD
        for answer in Answer.objects.filter(sheet=sheet, question__in=[question.pk for question in asked]).order_by(
            "pk"
        )
    }
    said: dict[int, list[Met]] = {}
    for question in asked:
        said.setdefault(question.requirement_id, []).append(answers.get(question.pk, Met.BLANK))
    first = {question.requirement_id: question for question in reversed(asked)}
    return [
        RequirementEntry(first[pk].requirement, Met(scoring.gate(words)), first[pk].section.code)
        for pk, words in said.items()
    ]


def _met(answer: Answer) -> Met:
    return Met(answer.value if answer.status == AnswerStatus.ANSWERED else answer.status)


def missing(entries: Sequence[RequirementEntry]) -> list[RequirementEntry]:
    """Those the country says it does not meet: a warning before the visit is planned."""
    return [entry for entry in entries if entry.met == Met.NO]

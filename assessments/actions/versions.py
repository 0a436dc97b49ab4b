"""Bringing an earlier version of an answer back."""

import uuid
from typing import Any

from django.utils.translation import gettext_lazy as _

from assessments.actions.answers import Content, Reply, save_answer, takes_answers
from assessments.models import AnswerRevision, AnswerSheet, RevisionKind, SheetSection
from projects.models import MoveNotAllowed
from toolkit.models import Question


def restore_version(
    sheet: AnswerSheet,
    question: Question,
    version: AnswerRevision,
    *,
    base: int,
    save_id: uuid.UUID,
    by: Any,
    institution: str,
) -> Reply:
    """Save what a version says over revision `base`, as the person's answer: the same protocol as typing it again.

    A confidential version stays its institution's. Raises MoveNotAllowed when answers cannot change now, and what
    `save_answer` raises.
    """
    if not takes_answers(sheet, SheetSection.objects.get(sheet=sheet, section=question.section_id)):
        raise MoveNotAllowed(_("The questionnaire is closed: its answers can be read, not changed."))
    return save_answer(
        sheet,
        question,
        Content(**version.content()),
        base=base,
        save_id=save_id,
        by=by,
        language=version.language,
        institution=version.institution if version.is_confidential else institution,
        is_on_behalf=version.is_confidential and version.institution != institution,
        kind=RevisionKind.RESTORED,
    )

"""Bringing an earlier version of an answer back."""

import uuid
from typing import Any

from assessments.actions.answers import Content, Reply, require_open, save_answer
from assessments.models import AnswerRevision, AnswerSheet, RevisionKind
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
    require_open(sheet, question)
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

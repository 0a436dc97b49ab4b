"""What people do in a discussion of a question, and with its mark."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from assessments import notifications
from assessments.models import AnswerSheet, Comment, ReviewMark, Thread, ThreadAudience
from projects.models import MoveNotAllowed
from toolkit.models import Question


@transaction.atomic
def open_thread(
    sheet: AnswerSheet, question: Question, *, audience: ThreadAudience, text: str, told: Sequence[Any], language: str,
    by: Any,
) -> Thread:  # fmt: skip
    """Begin a discussion; `told` are of its audience, and are written to."""
    sheet.project.require_running()
    thread = Thread.objects.create(sheet=sheet, question=question, audience=audience, opened_by=by)
    _say(thread, text, told, language, by)
    return thread


@transaction.atomic
def reply(thread: Thread, *, text: str, told: Sequence[Any], language: str, by: Any) -> Comment:
    """Raises MoveNotAllowed when the discussion was settled meanwhile."""
    thread.project.require_running()
    if not Thread.objects.select_for_update().get(pk=thread.pk).is_open:
        raise MoveNotAllowed(_("This discussion is settled. Open it again to add something."))
    return _say(thread, text, told, language, by)


def _say(thread: Thread, text: str, told: Sequence[Any], language: str, by: Any) -> Comment:
    comment = Comment.objects.create(
        thread=thread, text=text, language=language, told=[person.name for person in told], written_by=by
    )
    notifications.tell_mentioned(thread, told, by=by)
    return comment


@transaction.atomic
def assign_thread(thread: Thread, *, to: Any, by: Any) -> None:
    """Ask one person of the audience to take it over (None: nobody in particular); they are written to, once.

    Raises MoveNotAllowed when it was settled meanwhile.
    """
    thread.project.require_running()
    before = thread.assigned_to_id
    thread.assign(to, by=by)
    if to and to.pk != before:
        notifications.tell_thread_assigned(thread, to, by=by)


def resolve_thread(thread: Thread, *, by: Any) -> None:
    thread.project.require_running()
    thread.resolve(by=by)


def reopen_thread(thread: Thread) -> None:
    thread.project.require_running()
    thread.reopen()


def mark_question(sheet: AnswerSheet, question: Question, *, by: Any) -> None:
    """Ask the team to look at it again; who marked it first stays named."""
    sheet.project.require_running()
    ReviewMark.objects.get_or_create(sheet=sheet, question=question, defaults={"marked_by": by})


def unmark_question(sheet: AnswerSheet, question: Question) -> None:
    sheet.project.require_running()
    ReviewMark.objects.filter(sheet=sheet, question=question).delete()

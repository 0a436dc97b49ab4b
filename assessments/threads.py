"""Reading what is said beside the questions, each reader by their audiences."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from django.db.models import Prefetch

from assessments.models import AnswerSheet, Comment, ReviewMark, Thread, ThreadAudience
from assessments.models.threads import DISCUSSES, audiences_of
from foundation.statements import Statement
from projects.models import Membership
from projects.permissions import ROLE_ALLOWS, Permission, allows
from toolkit.models import Question


@dataclass(frozen=True)
class Beside:
    """What stands in one line beside a question."""

    threads: int = 0  # open ones
    own: int = 0  # of these, assigned to the reader
    marked_by: str = ""  # "": not marked
    marked_at: datetime.datetime | None = None


@dataclass(frozen=True)
class Talk:
    """A thread with its comments, and the people who may be told of it or take it over."""

    thread: Thread
    comments: Sequence[Comment]
    people: Sequence[Any]
    errors: Sequence[str] = ()  # of a reply that was refused,
    typed: str = ""  # which is shown again


@lru_cache(maxsize=16)
def _open_threads(audiences: tuple[ThreadAudience, ...]) -> Statement:
    return Statement(lambda sheet: Thread.objects.of_audiences(sheet, audiences).open().order_by("pk"), "sheet")


MARKS = Statement(
    lambda sheet: ReviewMark.objects.filter(sheet=sheet).select_related("marked_by").order_by("pk"), "sheet"
)


def beside(sheet: AnswerSheet, user: Any) -> dict[int, Beside]:
    """By question id: the open threads that the person reads, and the team's mark. Two queries for all questions."""
    found: dict[int, Beside] = {}
    if audiences := audiences_of(user, sheet):
        for thread in _open_threads(tuple(audiences))(sheet=sheet.pk):
            here = found.get(thread.question_id, Beside())
            is_own = thread.assigned_to_id == user.pk
            found[thread.question_id] = Beside(here.threads + 1, here.own + is_own)
    if allows(user, Permission.DISCUSS_IN_TEAM, sheet.project):
        for mark in MARKS(sheet=sheet.pk):
            here = found.get(mark.question_id, Beside())
            found[mark.question_id] = replace(here, marked_by=mark.marked_by.name, marked_at=mark.marked_at)
    return found


def talks(sheet: AnswerSheet, question: Question, user: Any, people: Mapping[str, Sequence[Any]]) -> list[Talk]:
    """The threads of a question that the person reads: the open ones first, the newest on top. Two queries."""
    comments = Comment.objects.select_related("written_by").order_by("pk")
    threads = (
        Thread.objects.readable_by(user, sheet)
        .filter(question=question)
        .select_related("assigned_to", "resolved_by")
        .prefetch_related(Prefetch("comments", comments))
        .order_by("-pk")
    )
    found = [Talk(thread, list(thread.comments.all()), people[thread.audience]) for thread in threads]
    return sorted(found, key=lambda talk: not talk.thread.is_open)


def people_by_audience(sheet: AnswerSheet, user: Any) -> dict[ThreadAudience, list[Any]]:
    """For each of the person's audiences: those who read it, by name. One query."""
    project = sheet.project
    members = list(Membership.objects.current().filter(project=project).select_related("user").order_by("pk"))
    found: dict[ThreadAudience, list[Any]] = {}
    for audience in audiences_of(user, sheet):
        roles = {role for role, allowed in ROLE_ALLOWS.items() if DISCUSSES[audience] in allowed}
        people = {member.user_id: member.user for member in members if member.role in roles}
        if audience != ThreadAudience.TEAM:
            people[project.manager_id] = project.manager
        found[audience] = sorted(people.values(), key=lambda person: (person.name, person.pk))
    return found

"""Reading what is said beside the questions, each reader by their audiences."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import CharField, IntegerField, Prefetch, Value

from assessments.models import AnswerSheet, Comment, ReviewMark, Thread, ThreadAudience
from assessments.models.threads import DISCUSSES, audiences_of
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


def beside(sheet: AnswerSheet, user: Any) -> dict[int, Beside]:
    """By question id: the open threads that the person reads, and the team's mark. One query for all questions."""
    threads = Thread.objects.readable_by(user, sheet).open()
    rows = threads.order_by().values_list(
        "question", Value("", CharField()), "opened_at", "assigned_to", Value(1, IntegerField())
    )
    if allows(user, Permission.DISCUSS_IN_TEAM, sheet.project):
        marks = ReviewMark.objects.filter(sheet=sheet).order_by()
        rows = rows.union(
            marks.values_list("question", "marked_by__name", "marked_at", "marked_by", Value(0, IntegerField())),
            all=True,
        )
    found: dict[int, Beside] = {}
    for question, name, at, person, is_thread in rows:
        here = found.get(question, Beside())
        found[question] = (
            Beside(here.threads + 1, here.own + (person == user.pk), here.marked_by, here.marked_at)
            if is_thread
            else Beside(here.threads, here.own, name, at)
        )
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

"""The portfolio: every project a person may see, by its next deadline, never by level."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import (
    Case,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Prefetch,
    QuerySet,
    Subquery,
    Value,
    When,
)

from assessments.models import AnswerSheet
from assessments.scoring import answered_percent
from projects.countries import folded
from projects.models import Membership, Project, ProjectStatus, StaffGrant, Step
from projects.permissions import ROLE_ALLOWS, Permission, Role
from toolkit.models import Audience

READS_ANSWERS = [role for role in Role if Permission.READ_ANSWERS in ROLE_ALLOWS[role]]


# ── The line of steps ────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Line:
    """A project's steps, and which of them is the one under way."""

    steps: Sequence[Step]

    @property
    def current(self) -> Step | None:
        return next((step for step in self.steps if step.done_at is None), None)

    @property
    def deadline(self) -> Step | None:
        """The step not done that is due first."""
        waiting = [step for step in self.steps if step.done_at is None and step.due_on]
        return min(waiting, key=lambda step: (step.due_on, step.step.number), default=None)

    @property
    def phases(self) -> list[tuple[str, list[Step]]]:
        """The steps under their phases, in order."""
        groups: list[tuple[str, list[Step]]] = []
        for step in self.steps:
            label = step.step.get_phase_display()
            if not groups or groups[-1][0] != label:
                groups.append((label, []))
            groups[-1][1].append(step)
        return groups


def line(project: Project) -> Line:
    """The project's line; one query unless the steps were prefetched."""
    return Line(list(project.steps.all()))


STEPS = Prefetch("steps", Step.objects.select_related("step", "done_by").order_by("step__number"))


# ── The list ─────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Filters:
    text: str = ""
    region: str = ""
    phase: str = ""
    mine: bool = False


@dataclass(frozen=True)
class Row:
    project: Project
    line: Line
    percent: int | None  # of the questionnaire; None where the reader may not see it


def listed(visible: QuerySet[Project], user: Any, filters: Filters) -> QuerySet[Project]:
    """The projects that the filters leave, running ones first, by their next deadline."""
    undone = Step.objects.filter(project=OuterRef("pk"), done_at__isnull=True)
    national = AnswerSheet.objects.filter(project=OuterRef("pk"), instrument__audience=Audience.NATIONAL).order_by("pk")
    mine = Membership.objects.current().filter(project=OuterRef("pk"), user=user, role__in=READS_ANSWERS)
    projects = visible
    if filters.text:
        projects = projects.filter(pk__in=_named(visible, filters.text))
    if filters.region:
        projects = projects.filter(country__region=filters.region)
    if filters.phase:
        current = undone.order_by("step__number").values("step__phase")[:1]
        projects = projects.annotate(phase=Subquery(current)).filter(phase=filters.phase)
    if filters.mine:
        projects = projects.filter(manager=user)
    return (
        projects.select_related("country", "operator", "manager")
        .prefetch_related(STEPS)
        .annotate(
            national_answered=Subquery(national.values("answered")[:1]),
            national_applicable=Subquery(national.values("applicable")[:1]),
            reads_as_member=Exists(mine),
            rank=Case(
                When(status=ProjectStatus.RUNNING, then=Value(0)),
                When(status=ProjectStatus.SUSPENDED, then=Value(1)),
                default=Value(2),
                output_field=IntegerField(),
            ),
            next_due=Subquery(undone.filter(due_on__isnull=False).order_by("due_on").values("due_on")[:1]),
        )
        .order_by("rank", F("next_due").asc(nulls_last=True), "country__code", "-round", "pk")
    )


def _named(projects: QuerySet[Project], text: str) -> list[int]:
    """The projects whose country, in any language, or operator contains the text, accents and capitals aside."""
    wanted = folded(text)
    names = projects.order_by("pk").values_list("pk", "country__name", "operator__name")
    return [
        pk for pk, country, operator in names if any(wanted in folded(name) for name in (*country.values(), operator))
    ]


def rows(projects: Iterable[Any], grants: Sequence[StaffGrant]) -> list[Row]:
    """The projects of a page of `listed`, as the table shows them. `grants`: the reader's own."""
    return [
        Row(
            project=project,
            line=line(project),
            percent=answered_percent(project.national_answered or 0, project.national_applicable or 0)
            if (project.reads_as_member or any(grant.covers(project.country.region) for grant in grants))
            else None,
        )
        for project in projects
    ]

"""The portfolio: every project a person may see, by its next deadline, never by level; and what needs them today."""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils import timezone

from assessments.models import AnswerSheet, Recommendation, SheetReturn, SheetState, ValidatedLevel
from projects.countries import folded
from projects.models import Invitation, Membership, Project, ProjectStatus, StaffGrant, Step, Visit
from projects.permissions import ROLE_ALLOWS, Permission, Role
from toolkit.models import Audience, Kind, Question

READS_ANSWERS = [role for role in Role if Permission.READ_ANSWERS in ROLE_ALLOWS[role]]


# ── What decides a project's next step ───────────────────────────────────────
@dataclass(frozen=True)
class Situation:
    """Where a project stands, in the few facts on which the next step of each person depends."""

    project: Project
    today: datetime.date
    state: str  # of the questionnaire
    answered: int
    applicable: int
    is_returned: bool
    has_coordinator: bool
    coordinator_is_invited: bool
    has_signatory: bool
    experts: int  # in the team or invited
    to_validate: int  # criteria on which the experts have not decided
    has_recommendations: bool
    differences: int  # validated otherwise than claimed, released, without a word from the country
    checklist_answered: int
    checklist_applicable: int
    visit_ends_on: datetime.date | None
    step_number: int | None  # of the first step not done
    step_due: datetime.date | None

    @property
    def is_open(self) -> bool:
        return self.state == SheetState.OPEN

    @property
    def is_signed(self) -> bool:
        return self.state in {SheetState.SUBMITTED, SheetState.ACCEPTED}

    @property
    def is_questionnaire_late(self) -> bool:
        due = self.project.questionnaire_due
        return not self.is_signed and due is not None and due < self.today

    @property
    def visit_is_over(self) -> bool:
        return self.visit_ends_on is not None and self.visit_ends_on < self.today


def _count(rows: QuerySet[Any]) -> Coalesce:
    """How many of the rows belong to the project, as a subquery."""
    counted = rows.order_by().values("of_project").annotate(many=Count("pk")).values("many")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def with_situation(projects: QuerySet[Project]) -> QuerySet[Project]:
    """The projects with every fact of a Situation, in the same query."""
    here = OuterRef("pk")
    sheets = AnswerSheet.objects.filter(project=here).order_by("pk")
    national = sheets.filter(instrument__audience=Audience.NATIONAL)
    experts = sheets.filter(instrument__audience=Audience.EXPERTS)
    members = Membership.objects.current().filter(project=here)
    invited = Invitation.objects.open().filter(project=here)
    levels = ValidatedLevel.objects.filter(sheet__project=here).annotate(of_project=F("sheet__project"))
    criteria = Question.objects.filter(
        section__instrument__framework=OuterRef("framework"),
        section__instrument__audience=Audience.NATIONAL,
        kind__in=[Kind.CRITERION, Kind.RATING],
    ).annotate(of_project=F("section__instrument__framework"))
    undone = Step.objects.filter(project=here, done_at__isnull=True).order_by("step__number")
    decided = levels.filter(Q(level__isnull=False) | Q(accepts_not_applicable__isnull=False))
    return projects.annotate(
        national_state=Subquery(national.values("state")[:1]),
        national_answered=Subquery(national.values("answered")[:1]),
        national_applicable=Subquery(national.values("applicable")[:1]),
        is_returned=Exists(SheetReturn.objects.filter(sheet__project=here)),
        has_coordinator=Exists(members.filter(role=Role.COORDINATOR)),
        coordinator_is_invited=Exists(invited.filter(role=Role.COORDINATOR)),
        has_signatory=Exists(members.filter(role=Role.SIGNATORY)),
        experts_in=_count(members.filter(role=Role.EXPERT).annotate(of_project=F("project"))),
        experts_invited=_count(invited.filter(role=Role.EXPERT).annotate(of_project=F("project"))),
        criteria=_count(criteria),
        decided=_count(decided),
        has_recommendations=Exists(Recommendation.objects.filter(project=here, removed_at__isnull=True)),
        differences=_count(levels.exclude(reason="").filter(reservation__isnull=True)),
        checklist_answered=Subquery(experts.values("answered")[:1]),
        checklist_applicable=Subquery(experts.values("applicable")[:1]),
        visit_ends_on=Subquery(Visit.objects.filter(project=here).order_by("starts_on").values("ends_on")[:1]),
        step_number=Subquery(undone.values("step__number")[:1]),
        step_due=Subquery(undone.values("due_on")[:1]),
    )


def situation(project: Any, *, to_validate: int | None = None) -> Situation:
    """The situation of a project read by `with_situation`. `to_validate`: counted exactly, conditions included."""
    return Situation(
        project=project,
        today=timezone.localdate(),
        state=project.national_state or SheetState.OPEN,
        answered=project.national_answered or 0,
        applicable=project.national_applicable or 0,
        is_returned=project.is_returned,
        has_coordinator=project.has_coordinator,
        coordinator_is_invited=project.coordinator_is_invited,
        has_signatory=project.has_signatory,
        experts=project.experts_in + project.experts_invited,
        to_validate=max(0, project.criteria - project.decided) if to_validate is None else to_validate,
        has_recommendations=project.has_recommendations,
        differences=project.differences if project.is_released else 0,
        checklist_answered=project.checklist_answered or 0,
        checklist_applicable=project.checklist_applicable or 0,
        visit_ends_on=project.visit_ends_on,
        step_number=project.step_number,
        step_due=project.step_due,
    )


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
            percent=(project.national_answered or 0) * 100 // project.national_applicable
            if project.national_applicable
            and (project.reads_as_member or any(grant.covers(project.country.region) for grant in grants))
            else None,
        )
        for project in projects
    ]

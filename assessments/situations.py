"""Where a project stands, in the few facts on which the next step of each person depends; read in one query."""

import datetime
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, F, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from assessments.models import AnswerSheet, Recommendation, SheetReturn, SheetState
from projects.models import Invitation, Membership, Project, Step, Visit
from projects.permissions import Role
from toolkit.models import Audience, Institution


@dataclass(frozen=True)
class Needs:
    """What the manager's next step depends on; light enough for every project of the portfolio."""

    project: Project
    today: datetime.date
    state: str  # of the questionnaire
    answered: int
    applicable: int
    has_coordinator: bool
    coordinator_is_invited: bool
    experts: int  # in the team or invited
    to_validate: int  # criteria on which the experts have not decided; counted once the questionnaire is signed
    step_number: int | None  # of the first step not done
    step_due: datetime.date | None

    @property
    def is_open(self) -> bool:
        return self.state == SheetState.OPEN

    @property
    def is_signed(self) -> bool:
        return self.state in SIGNED

    @property
    def is_questionnaire_late(self) -> bool:
        due = self.project.questionnaire_due
        return not self.is_signed and due is not None and due < self.today


@dataclass(frozen=True)
class Situation(Needs):
    """What anyone's next step depends on."""

    is_returned: bool
    has_signatory: bool
    has_posts_signatory: bool
    has_recommendations: bool
    checklist_answered: int
    checklist_applicable: int
    visit_ends_on: datetime.date | None
    differences: int = 0  # released levels that differ from the claimed ones, without a word from the country

    @property
    def visit_is_over(self) -> bool:
        return self.visit_ends_on is not None and self.visit_ends_on < self.today


SIGNED = {SheetState.SUBMITTED, SheetState.ACCEPTED}
HERE = OuterRef("pk")


def _count(rows: QuerySet[Any], project: str) -> Coalesce:
    """How many of the rows there are for each value of the column `project`, as a subquery."""
    counted = rows.order_by().values(of_project=F(project)).annotate(many=Count("pk")).values("many")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def with_needs(projects: QuerySet[Project]) -> QuerySet[Project]:
    """The projects with every fact of their Needs."""
    national = AnswerSheet.objects.filter(project=HERE, instrument__audience=Audience.NATIONAL).order_by("pk")
    members = Membership.objects.current().filter(project=HERE)
    invited = Invitation.objects.open().filter(project=HERE)
    undone = Step.objects.filter(project=HERE, done_at__isnull=True).order_by("step__number")
    return projects.annotate(
        national_state=Subquery(national.values("state")[:1]),
        national_answered=Subquery(national.values("answered")[:1]),
        national_applicable=Subquery(national.values("applicable")[:1]),
        has_coordinator=Exists(members.filter(role=Role.COORDINATOR)),
        coordinator_is_invited=Exists(invited.filter(role=Role.COORDINATOR)),
        experts_in=_count(members.filter(role=Role.EXPERT), "project"),
        experts_invited=_count(invited.filter(role=Role.EXPERT), "project"),
        undecided=Subquery(national.values("undecided")[:1]),
        step_number=Subquery(undone.values("step__number")[:1]),
        step_due=Subquery(undone.values("due_on")[:1]),
    )


def with_situation(projects: QuerySet[Project]) -> QuerySet[Project]:
    """The projects with every fact of their Situation."""
    checklist = AnswerSheet.objects.filter(project=HERE, instrument__audience=Audience.EXPERTS).order_by("pk")
    signatories = Membership.objects.current().filter(project=HERE, role=Role.SIGNATORY)
    return with_needs(projects).annotate(
        is_returned=Exists(SheetReturn.objects.filter(sheet__project=HERE)),
        has_signatory=Exists(signatories),
        has_posts_signatory=Exists(signatories.filter(institution=Institution.POST)),
        has_recommendations=Exists(Recommendation.objects.filter(project=HERE, removed_at__isnull=True)),
        checklist_answered=Subquery(checklist.values("answered")[:1]),
        checklist_applicable=Subquery(checklist.values("applicable")[:1]),
        visit_ends_on=Subquery(Visit.objects.filter(project=HERE).order_by("starts_on").values("ends_on")[:1]),
    )


def needs(project: Any) -> Needs:
    """The needs of a project read by `with_needs`."""
    return Needs(**_needs(project))


def situation(project: Any) -> Situation:
    """The situation of a project read by `with_situation`."""
    return Situation(
        **_needs(project),
        is_returned=project.is_returned,
        has_signatory=project.has_signatory,
        has_posts_signatory=project.has_posts_signatory,
        has_recommendations=project.has_recommendations,
        checklist_answered=project.checklist_answered or 0,
        checklist_applicable=project.checklist_applicable or 0,
        visit_ends_on=project.visit_ends_on,
    )


def _needs(project: Any) -> dict[str, Any]:
    return {
        "project": project,
        "today": timezone.localdate(),
        "state": project.national_state or SheetState.OPEN,
        "answered": project.national_answered or 0,
        "applicable": project.national_applicable or 0,
        "has_coordinator": project.has_coordinator,
        "coordinator_is_invited": project.coordinator_is_invited,
        "experts": project.experts_in + project.experts_invited,
        "to_validate": project.undecided if project.national_state in SIGNED else 0,
        "step_number": project.step_number,
        "step_due": project.step_due,
    }

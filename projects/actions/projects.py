"""A project's life: created, edited, suspended, resumed, cancelled, closed, reopened; its steps done."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from projects import plan
from projects.actions.team import invite
from projects.models import (
    Country,
    CountryRequest,
    DesignatedOperator,
    Function,
    MoveNotAllowed,
    Project,
    ProjectStatus,
    RequestStatus,
    Step,
    Visit,
    log,
)
from projects.permissions import Role
from projects.plan import Guest, VisitDates
from toolkit.models import FrameworkVersion, Institution


@transaction.atomic
def create_project(
    *,
    country: Country,
    operator: str,
    framework: FrameworkVersion,
    language: str,
    cycle: str,
    round: int,  # the UPU's and the model's word
    manager: Any,
    by: Any,
    request: CountryRequest | None = None,
    questionnaire_due: datetime.date | None = None,
    visit: VisitDates | None = None,
    coordinator: Guest | None = None,
    experts: Sequence[Guest] = (),
) -> Project:
    """The project with its steps, visit and invitations. `operator` is a name: an existing one's, or a new one's.

    Raises MoveNotAllowed when the request is not accepted or has its project, or when the round exists already.
    """
    if request and (request.status != RequestStatus.ACCEPTED or request.country_id != country.pk):
        raise MoveNotAllowed(_("A project can only be created from an accepted request of the same country."))
    try:
        with transaction.atomic():
            project = Project.objects.create(
                country=country, operator=DesignatedOperator.objects.get_or_create(country=country, name=operator)[0],
                framework=framework, request=request, cycle=cycle, round=round, language=language, manager=manager,
                questionnaire_due=questionnaire_due, created_by=by,
            )  # fmt: skip
    except IntegrityError as error:
        raise MoveNotAllowed(_("This round, or the project of this request, was created meanwhile.")) from error
    Step.objects.bulk_create(Step(project=project, step=step) for step in framework.steps.order_by("number"))
    _set_visit(project, visit)
    _set_due_dates(project, visit, {})
    log(project, "project_created", by=by)
    if coordinator:
        invite(
            project, by=by, email=coordinator.email, name=coordinator.name, role=Role.COORDINATOR,
            institution=Institution.POST, function=Function.COORDINATOR, language=language, until=None,
        )  # fmt: skip
    for expert in experts:
        invite(
            project, by=by, email=expert.email, name=expert.name, role=Role.EXPERT, institution=Institution.OTHER,
            function=Function.EXPERT, language=language, until=plan.experts_until(visit, timezone.localdate()),
        )  # fmt: skip
    return project


@transaction.atomic
def edit_project(
    project: Project,
    *,
    manager: Any,
    language: str,
    show_overall: bool,
    questionnaire_due: datetime.date | None,
    visit: VisitDates | None,
    due_dates: Mapping[int, datetime.date | None],
    by: Any,
) -> None:
    """Change the dates and settings. `due_dates`: by the step's number; a step without one gets its proposed date."""
    locked = _running(project)
    Project.objects.filter(pk=locked.pk).update(
        manager=manager, language=language, show_overall=show_overall, questionnaire_due=questionnaire_due
    )
    locked.refresh_from_db()
    _set_visit(locked, visit)
    _set_due_dates(locked, visit, due_dates)
    log(locked, "project_edited", by=by)


def _running(project: Project) -> Project:
    locked = Project.objects.select_for_update().get(pk=project.pk)
    locked.require_running()
    return locked


def _set_visit(project: Project, visit: VisitDates | None) -> None:
    """The project's visit becomes this one; None: no visit is planned."""
    kept = project.visits.order_by("starts_on").first()
    if visit is None:
        project.visits.all().delete()
    elif kept is None:
        Visit.objects.create(project=project, starts_on=visit.starts_on, ends_on=visit.ends_on, place=visit.place)
    else:
        Visit.objects.filter(pk=kept.pk).update(starts_on=visit.starts_on, ends_on=visit.ends_on, place=visit.place)


def _set_due_dates(project: Project, visit: VisitDates | None, due_dates: Mapping[int, datetime.date | None]) -> None:
    """The first step is due when the questionnaire is; the others as given, or as proposed."""
    steps = list(project.steps.select_related("step").order_by("step__number"))
    dates = plan.due_dates([step.step.phase for step in steps], project.questionnaire_due, visit)
    for position, (step, proposed) in enumerate(zip(steps, dates, strict=True)):
        step.due_on = proposed if position == 0 else due_dates.get(step.step.number) or proposed
    Step.objects.bulk_update(steps, ["due_on"])


@transaction.atomic
def suspend_project(project: Project, *, reason: str, by: Any) -> None:
    project.move(ProjectStatus.SUSPENDED, reason=reason)
    log(project, "project_suspended", by=by, reason=reason)


@transaction.atomic
def resume_project(project: Project, *, by: Any) -> None:
    _require_status(project, ProjectStatus.SUSPENDED)
    project.move(ProjectStatus.RUNNING)
    log(project, "project_resumed", by=by)


@transaction.atomic
def cancel_project(project: Project, *, reason: str, by: Any) -> None:
    project.move(ProjectStatus.CANCELLED, reason=reason)
    log(project, "project_cancelled", by=by, reason=reason)


@transaction.atomic
def close_project(project: Project, *, by: Any) -> None:
    project.move(ProjectStatus.CLOSED)
    log(project, "project_closed", by=by)


@transaction.atomic
def reopen_project(project: Project, *, by: Any) -> None:
    _require_status(project, ProjectStatus.CLOSED)
    project.move(ProjectStatus.RUNNING)
    log(project, "project_reopened", by=by)


def _require_status(project: Project, status: ProjectStatus) -> None:
    """Two verbs lead to "running": each only from its own state."""
    if project.status != status:
        raise MoveNotAllowed(_("The project’s state has changed meanwhile. Look at the page again."))


@transaction.atomic
def mark_step_done(step: Step, *, by: Any) -> None:
    _running(step.project)
    if not Step.objects.filter(pk=step.pk, done_at__isnull=True).update(done_at=timezone.now(), done_by=by):
        raise MoveNotAllowed(_("This step was marked as done meanwhile."))
    log(step.project, "step_done", by=by, number=step.step.number)


@transaction.atomic
def mark_step_undone(step: Step, *, by: Any) -> None:
    _running(step.project)
    if not Step.objects.filter(pk=step.pk, done_at__isnull=False).update(done_at=None, done_by=None):
        raise MoveNotAllowed(_("This step was marked as not done meanwhile."))
    log(step.project, "step_undone", by=by, number=step.step.number)

"""Managing a project: its dates and settings, its states, its steps."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from projects.actions import projects as actions
from projects.forms.projects import ProjectEditForm, ReasonForm
from projects.models import MOVES, Project, ProjectStatus, Step
from projects.permissions import Permission, require
from projects.plan import visit_warning
from projects.views.find import find_project


@require_http_methods(["GET", "HEAD", "POST"])
def project_edit(request: HttpRequest, project_id: uuid.UUID) -> HttpResponse:
    project = _find(request, project_id)
    if not project.is_running:
        messages.error(request, gettext("The project is not running, so nothing can be changed in it."))
        return redirect(project)
    steps = list(project.steps.select_related("step").order_by("step__number"))
    form = ProjectEditForm(request.POST if request.method == "POST" else None, project=project, steps=steps)
    if not form.is_valid():
        status = 422 if form.is_bound else 200
        return render(
            request, "projects/project_edit.html", {"project": project, "tab": "overview", "form": form}, status=status
        )
    actions.edit_project(
        project,
        by=request.user,
        visit=form.visit,
        due_dates=form.due_dates,
        **{name: form.cleaned_data[name] for name in ("manager", "language", "show_overall", "questionnaire_due")},
    )
    messages.success(request, gettext("The project’s dates and settings are saved."))
    if warning := visit_warning(form.visit.days if form.visit else None):
        messages.warning(request, warning)
    return redirect(project)


@require_http_methods(["GET", "HEAD", "POST"])
def project_suspend(request: HttpRequest, project_id: uuid.UUID) -> HttpResponse:
    return _move_with_reason(request, _find(request, project_id), SUSPEND)


@require_http_methods(["GET", "HEAD", "POST"])
def project_cancel(request: HttpRequest, project_id: uuid.UUID) -> HttpResponse:
    return _move_with_reason(request, _find(request, project_id), CANCEL)


@require_POST
def project_resume(request: HttpRequest, project_id: uuid.UUID) -> HttpResponse:
    project = _find(request, project_id)
    actions.resume_project(project, by=request.user)
    messages.success(request, gettext("The project is running again."))
    return redirect(project)


@require_POST
def project_close(request: HttpRequest, project_id: uuid.UUID) -> HttpResponse:
    project = _find(request, project_id)
    actions.close_project(project, by=request.user)
    messages.success(request, gettext("The project is closed."))
    return redirect(project)


@require_POST
def project_reopen(request: HttpRequest, project_id: uuid.UUID) -> HttpResponse:
    project = _find(request, project_id)
    actions.reopen_project(project, by=request.user)
    messages.success(request, gettext("The project is running again."))
    return redirect(project)


@require_POST
def step_done(request: HttpRequest, project_id: uuid.UUID, number: int) -> HttpResponse:
    step = _find_step(request, project_id, number)
    actions.mark_step_done(step, by=request.user)
    messages.success(request, gettext("Step %(number)s is marked as done.") % {"number": number})
    return redirect(step.project)


@require_POST
def step_undone(request: HttpRequest, project_id: uuid.UUID, number: int) -> HttpResponse:
    step = _find_step(request, project_id, number)
    actions.mark_step_undone(step, by=request.user)
    messages.success(request, gettext("Step %(number)s is marked as not done.") % {"number": number})
    return redirect(step.project)


def _find(request: HttpRequest, project_id: uuid.UUID) -> Project:
    """The project, for those who manage it."""
    project = find_project(request, project_id)
    require(request.user, Permission.MANAGE_PROJECT, project)
    return project


def _find_step(request: HttpRequest, project_id: uuid.UUID, number: int) -> Step:
    project = _find(request, project_id)
    step = get_object_or_404(Step.objects.select_related("step"), project=project, step__number=number)
    step.project = project
    return step


@dataclass(frozen=True)
class ReasonedMove:
    """A move that needs a reason: a small page that says what it means, then the move."""

    to: ProjectStatus
    act: Callable[..., None]
    title: Promise
    what: Promise
    done: Promise


SUSPEND = ReasonedMove(
    to=ProjectStatus.SUSPENDED,
    act=actions.suspend_project,
    title=_("Suspend the project"),
    what=_("Everyone can read the project, nobody can change anything in it until it is resumed."),
    done=_("The project is suspended."),
)
CANCEL = ReasonedMove(
    to=ProjectStatus.CANCELLED,
    act=actions.cancel_project,
    title=_("Cancel the project"),
    what=_(
        "The project ends here, for good: it cannot be resumed. What was entered stays readable for its team. "
        "A new project can be created for the same round."
    ),
    done=_("The project is cancelled."),
)


def _move_with_reason(request: HttpRequest, project: Project, move: ReasonedMove) -> HttpResponse:
    if move.to not in MOVES[ProjectStatus(project.status)]:
        messages.error(request, gettext("The project’s state has changed meanwhile."))
        return redirect(project)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        context = {"project": project, "tab": "overview", "form": form, "move": move}
        return render(request, "projects/project_reason.html", context, status=422 if form.is_bound else 200)
    move.act(project, by=request.user, reason=form.cleaned_data["reason"])
    messages.success(request, str(move.done))
    return redirect(project)

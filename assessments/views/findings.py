"""The findings: to the experts and the IB always, to the country once released; and the country's responses."""

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from assessments import findings as content
from assessments import outline
from assessments.actions import reservations as actions
from assessments.actions.writing import can_be_written
from assessments.desk import is_reviewable
from assessments.forms.findings import ResponseForm
from assessments.models import StrategyAim, StrategyReview, ValidatedLevel
from assessments.views.strategy import strategy_findings
from projects.models import MoveNotAllowed, Project
from projects.permissions import Permission, allows, require
from projects.views.find import find_project


@require_safe
def findings(request: HttpRequest, project_id: uuid.UUID) -> HttpResponse:
    project = find_project(request, project_id)
    require(request.user, Permission.READ_RELEASED, project)
    reads_drafts = allows(request.user, Permission.READ_FINDINGS, project)
    if not project.is_released and not reads_drafts:
        return render(request, "assessments/findings/findings_awaited.html", {"project": project, "tab": "findings"})
    found = content.findings(project, request.user)
    checklist = outline.experts_sheet(project)
    can_write = can_be_written(project) and allows(request.user, Permission.RECOMMEND, project)
    return render(
        request,
        "assessments/findings/findings.html",
        {
            "project": project,
            "tab": "findings",
            "findings": found,
            "levels": found.names,
            "is_reviewable": is_reviewable(outline.national_sheet(project)),
            "checklist": checklist,
            "strategy": strategy_findings(project, checklist, found.series.checklist),
            "review": StrategyReview.objects.filter(project=project).first(),
            "aims": StrategyAim.objects.filter(project=project).order_by("pk"),
            "sources": content.sources(project),
            "reads_drafts": reads_drafts,
            "reads_answers": allows(request.user, Permission.READ_ANSWERS, project),
            "reads_checklist": reads_drafts,
            "can_recommend": can_write,
            "can_write": False,  # aims and sources are written on the strategy's page
            "may_release": not project.is_released and allows(request.user, Permission.RELEASE, project),
            "may_respond": actions.can_be_answered(project) and allows(request.user, Permission.RESPOND, project),
        },
    )


def _find_difference(project: Project, code: str) -> ValidatedLevel:
    """The experts' decision that the country may answer. What is not released yet does not exist for it."""
    decisions = ValidatedLevel.objects.filter(sheet__project=project, question__code=code)
    if not project.is_released:
        decisions = decisions.none()
    return get_object_or_404(decisions.select_related("sheet", "question__section__lever", "reservation"))


@require_http_methods(["GET", "HEAD", "POST"])
def respond(request: HttpRequest, project_id: uuid.UUID, question: str) -> HttpResponse:
    project = find_project(request, project_id)
    require(request.user, Permission.RESPOND, project)
    decision = _find_difference(project, question)
    if not actions.can_be_answered(project):
        raise MoveNotAllowed(gettext("The project is not running, so the country’s responses cannot be changed."))
    lever = decision.question.section.lever
    anchor = f"#lever-{lever.code}" if lever else ""
    back = f"{reverse('assessments:findings', args=[project_id])}{anchor}"
    response = getattr(decision, "reservation", None)
    initial = {"kind": response.kind, "text": response.text, "language": response.language} if response else {}
    form = ResponseForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        actions.respond(decision, by=request.user, **form.cleaned_data)
        messages.success(request, gettext("Your response on %(code)s is saved.") % {"code": question})
        return redirect(back)
    found = content.findings(project, request.user)
    entry = next((entry for entry in found.differences if entry.code == question), None)
    if entry is None:
        raise MoveNotAllowed(
            gettext("The experts confirmed the country’s own answer here: there is nothing to respond to.")
        )
    return render(
        request,
        "assessments/findings/respond.html",
        {"project": project, "tab": "findings", "entry": entry, "levels": found.names, "form": form, "back": back},
        status=422 if form.errors else 200,
    )

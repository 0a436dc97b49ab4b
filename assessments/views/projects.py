"""What a person opens on: the portfolio, or their project's page; and a new project."""

import datetime
import uuid
from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from assessments import next_steps, outline
from assessments.actions.projects import start_project
from assessments.forms.portfolio import FilterForm
from assessments.models import AnswerSheet, OtherAnswer
from assessments.next_steps import Task, Tasks
from assessments.outline import SectionEntry
from assessments.portfolio import STEPS, Filters, line, listed, rows
from assessments.requirements import RequirementEntry, missing, requirement_entries
from assessments.situations import Situation, situation, with_situation
from assessments.views.others import taken_over_sentence
from assessments.views.sheets import own_sections
from foundation import mails
from foundation.languages import active_language
from projects.forms.projects import ProjectForm
from projects.forms.requests import CountryForm
from projects.models import (
    Country,
    CountryRequest,
    Membership,
    MoveNotAllowed,
    Project,
    ProjectStatus,
    RequestStatus,
    StaffGrant,
    grants_of,
    know_places,
)
from projects.permissions import Permission, StaffRole, allows, allows_portfolio, require_portfolio
from projects.plan import experts_warning, visit_warning
from toolkit.models import Audience

PER_PAGE = 20
TODAY = 8  # how many tasks the portfolio shows at once


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """IB staff and people of several projects: the portfolio. A person of one project: that project."""
    if not allows_portfolio(request.user):
        projects = list(Project.objects.visible_to(request.user).order_by("pk")[:2])
        if len(projects) == 1:
            return redirect(projects[0])
    return redirect("assessments:portfolio")


@require_safe
def portfolio(request: HttpRequest) -> HttpResponse:
    user = request.user
    grants = grants_of(user)
    visible = Project.objects.visible_to(user)
    form = FilterForm(request.GET)
    filters = form.filters
    page = Paginator(listed(visible, user, filters), PER_PAGE).get_page(request.GET.get("page"))
    tasks = None
    if page.number == 1 and filters == Filters():
        tasks = next_steps.tasks(visible, user, grants, limit=TODAY) if grants else _own_tasks(visible, user)
    kept = urlencode({name: value for name, value in form.cleaned_data.items() if value})
    return render(
        request,
        "assessments/portfolio.html",
        {
            "section": "portfolio",
            "form": form,
            "is_filtered": filters != Filters(),
            "has_filters": bool(grants) or page.paginator.num_pages > 1 or filters != Filters(),
            "page": page,
            "rows": rows(page.object_list, grants),
            "kept": f"{kept}&" if kept else "",
            "today": timezone.localdate(),
            "tasks": tasks,
            "undelivered": mails.undelivered_lately() if tasks and _administers(grants) else [],
        },
    )


def _administers(grants: Iterable[StaffGrant]) -> bool:
    return any(grant.role == StaffRole.ADMINISTRATOR for grant in grants)


@require_safe
def project_detail(request: HttpRequest, project_id: uuid.UUID) -> HttpResponse:
    user = request.user
    visible = Project.objects.visible_to(user).select_related("country", "operator", "framework", "manager")
    visible = visible.prefetch_related(STEPS)
    project = get_object_or_404(with_situation(visible), public_id=project_id)
    reads_findings = allows(user, Permission.READ_FINDINGS, project)
    here, sheet, sections = _stand(project, user)
    requirements = requirement_entries(sheet, user) if sheet else []
    return render(
        request,
        "assessments/project_detail.html",
        {
            "project": project,
            "tab": "overview",
            "line": line(project),
            "next": next_steps.next_step(here, user, national=sheet, sections=sections),
            "sheet": sheet,
            "own": (own := own_sections(request, sheet, sections) if sheet else []),
            "sections": [*own, *(entry for entry in sections if entry not in own)],
            "requirements": requirements,
            "visit": project.visit if allows(user, Permission.READ_ANSWERS, project) else None,
            "warnings": _warnings(project, here, requirements) if reads_findings and project.is_running else [],
            "members": _members(project) if allows(user, Permission.READ_TEAM, project) else [],
            "reads_team": allows(user, Permission.READ_TEAM, project),
            "invites": allows(user, Permission.INVITE_NATIONAL, project),
            "manages": allows(user, Permission.MANAGE_PROJECT, project),
        },
    )


def _stand(project: Project, user: Any) -> tuple[Situation, AnswerSheet | None, list[SectionEntry]]:
    """Where a project stands, with the questionnaire and its sections for whoever may read them."""
    sheet = next(iter(_national_sheets([project], user)), None)
    return _situation(project, sheet, user), sheet, outline.section_entries(sheet) if sheet else []


def _situation(project: Project, sheet: AnswerSheet | None, user: Any) -> Situation:
    here = situation(project)
    if sheet and project.is_released and allows(user, Permission.RESPOND, project):
        here = replace(here, differences=next_steps.differences_without_word(sheet))
    return here


def _own_tasks(visible: QuerySet[Project], user: Any) -> Tasks | None:
    """What the projects of someone who is not at the International Bureau need from them; None when it is nothing."""
    running = visible.filter(status=ProjectStatus.RUNNING).select_related("country", "framework").order_by("pk")
    projects = list(with_situation(running))
    know_places(projects, user)
    sheets = {sheet.project_id: sheet for sheet in _national_sheets(projects, user)}
    sections = outline.section_entries_of(list(sheets.values()))
    found = []
    for project in projects:
        sheet = sheets.get(project.pk)
        here = _situation(project, sheet, user)
        step = next_steps.next_step(here, user, national=sheet, sections=sections[sheet.pk] if sheet else [])
        if step and step.is_action:
            found.append(Task(project.country, step))
    found.sort(key=lambda task: task.step.due or datetime.date.max)
    return Tasks(found[:TODAY], more=len(found[TODAY:])) if found else None


def _national_sheets(projects: Iterable[Project], user: Any) -> list[AnswerSheet]:
    """The questionnaires of those whose answers the person may read. One query."""
    read = {project.pk: project for project in projects if allows(user, Permission.READ_ANSWERS, project)}
    sheets = AnswerSheet.objects.filter(project__in=read, instrument__audience=Audience.NATIONAL)
    found = list(sheets.select_related("instrument__framework").order_by("pk")) if read else []
    for sheet in found:
        sheet.project = read[sheet.project_id]
    return found


def _members(project: Project) -> list[Membership]:
    return list(Membership.objects.current().filter(project=project).select_related("user").order_by("pk"))


def _warnings(project: Project, here: Situation, requirements: list[RequirementEntry]) -> list[str]:
    """What the International Bureau and the experts should put right; never a refusal."""
    warnings = [experts_warning(here.experts), visit_warning(project.visit.days if project.visit else None)]
    if not here.visit_is_over:
        warnings += [
            gettext("The country does not meet “%(name)s” yet. Settle it before planning the visit.")
            % {"name": entry.requirement.name.in_(active_language())}
            for entry in missing(requirements)
        ]
    return [warning for warning in warnings if warning]


class StartForm(forms.Form):
    """From what a project is created, as the address says: an accepted request, or a country."""

    request = forms.UUIDField(required=False)
    country = forms.CharField(required=False, max_length=20)


@require_http_methods(["GET", "HEAD", "POST"])
def project_new(request: HttpRequest) -> HttpResponse:
    """First the country (or a request, which names it), then everything else."""
    require_portfolio(request.user)
    asked, country = _start(request)
    if country is None:
        form = CountryForm(request.GET if "country" in request.GET else None, user=request.user)
        return render(request, "assessments/project_new.html", {"section": "portfolio", "country_form": form})
    form = ProjectForm(request.POST if request.method == "POST" else None, country=country, user=request.user)
    if not form.is_valid():
        context = {"section": "portfolio", "country": country, "asked": asked, "form": form}
        return render(request, "assessments/project_new.html", context, status=422 if form.is_bound else 200)
    project = start_project(by=request.user, request=asked, **form.plan)
    created = gettext("The project is created. Its questionnaire is open.")
    proposed = OtherAnswer.objects.filter(sheet__project=project).count()
    messages.success(request, f"{created} {taken_over_sentence(proposed)}" if proposed else created)
    return redirect(project)


def _start(request: HttpRequest) -> tuple[CountryRequest | None, Country | None]:
    """The request and the country named by the address; neither: the person has to choose. Raises Http404."""
    form = StartForm(request.GET)
    if not form.is_valid():
        raise Http404
    if form.cleaned_data["request"]:
        visible = CountryRequest.objects.visible_to(request.user).select_related("country")
        asked = get_object_or_404(visible, public_id=form.cleaned_data["request"])
        if asked.status != RequestStatus.ACCEPTED or Project.objects.filter(request=asked).exists():
            raise MoveNotAllowed(gettext("This request is not accepted, or its project exists already."))
        return asked, asked.country
    return None, Country.objects.covered_by(request.user).filter(code=form.cleaned_data["country"]).first()

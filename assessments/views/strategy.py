"""The review of the postal digital strategy: its text, its nine domains, the matrix of aims; and the sources."""

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from assessments import findings, levels, outline
from assessments.actions import sources as source_actions
from assessments.actions import strategy as actions
from assessments.actions.writing import can_be_written, refuse_when_closed
from assessments.forms.strategy import AimForm, ReviewForm, SourceForm
from assessments.models import AnswerSheet, Source, StrategyAim, StrategyReview
from assessments.scoring import Level
from assessments.views.observations import find_writable
from foundation.languages import active_language
from projects.models import Project
from projects.permissions import Permission, allows, require
from projects.views.find import find_project


def strategy_findings(
    project: Project, checklist: AnswerSheet | None, scored: Level | None = None
) -> findings.StrategyFindings | None:
    """The checklist's levels, read unless they are at hand; None when the framework has no checklist."""
    if checklist is None:
        return None
    return findings.strategy(checklist, scored or levels.project_levels(project).checklist)


@require_http_methods(["GET", "HEAD", "POST"])
def strategy(request: HttpRequest, project_id: uuid.UUID) -> HttpResponse:
    project = find_project(request, project_id)
    require(request.user, Permission.READ_FINDINGS, project)
    review = StrategyReview.objects.filter(project=project).select_related("saved_by").first()
    checklist = outline.experts_sheet(project)
    if request.method == "POST":
        require(request.user, Permission.RECOMMEND, project)
        refuse_when_closed(project)
        form = ReviewForm(request.POST)
        if form.is_valid():
            with form.telling_conflicts():
                actions.save_review(project, form.review, by=request.user, seen=form.seen)
                messages.success(request, gettext("The review is saved."))
                return redirect("assessments:strategy", project_id)
    else:
        form = ReviewForm(initial=_as_written(review, checklist))
    return _strategy_page(request, project, review, checklist, form)


def _as_written(review: StrategyReview | None, checklist: AnswerSheet | None) -> dict[str, object]:
    """What the form shows at first. Where nothing was outlined yet, the checklist's domains are proposed."""
    language = active_language()
    domains = outline.structure(checklist.instrument).sections if checklist else []
    proposed = "\n".join(domain.name.in_(language) for domain in domains)
    if review is None:
        return {"outline": proposed, "has_text": ""}
    return ReviewForm.as_written(review) | {"outline": review.outline or ("" if review.has_text else proposed)}


def _strategy_page(
    request: HttpRequest,
    project: Project,
    review: StrategyReview | None,
    checklist: AnswerSheet | None,
    form: ReviewForm,
) -> HttpResponse:
    national = outline.national_sheet(project)
    national.project = project
    whole = outline.structure(national.instrument)
    lever = checklist.instrument.lever_id if checklist else None
    beside = [question for question in whole.questions.values() if lever and question.section.lever_id == lever]
    return render(
        request,
        "assessments/strategy/strategy.html",
        {
            "project": project,
            "tab": "strategy",
            "review": review,
            "form": form,
            "checklist": checklist,
            "strategy": strategy_findings(project, checklist),
            "levels": whole.levels,
            "national": national,
            "sections": whole.sections,
            "beside": [
                entry for entry in outline.question_entries(national, beside, request.user) if not entry.is_hidden
            ],
            "aims": StrategyAim.objects.filter(project=project).order_by("pk"),
            "sources": findings.sources(project),
            "reads_checklist": True,
            "can_write": can_be_written(project) and allows(request.user, Permission.RECOMMEND, project),
        },
        status=422 if form.is_refused else 200,
    )


def _to_part(project: Project, part: str) -> str:
    return f"{reverse('assessments:strategy', args=[project.public_id])}#{part}"


@require_http_methods(["GET", "HEAD", "POST"])
def aim_add(request: HttpRequest, project_id: uuid.UUID) -> HttpResponse:
    project = find_writable(request, project_id)
    form = AimForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.add_aim(project, by=request.user, **form.cleaned_data)
        messages.success(request, gettext("The aim is saved."))
        return redirect(_to_part(project, "aims"))
    return _aim_page(request, project, form)


def _find_aim(project: Project, aim_id: uuid.UUID) -> StrategyAim:
    aim = get_object_or_404(StrategyAim.objects.filter(project=project), public_id=aim_id)
    aim.project = project
    return aim


@require_http_methods(["GET", "HEAD", "POST"])
def aim_edit(request: HttpRequest, project_id: uuid.UUID, aim_id: uuid.UUID) -> HttpResponse:
    project = find_writable(request, project_id)
    aim = _find_aim(project, aim_id)
    form = AimForm(request.POST or None, initial=AimForm.as_written(aim))
    if request.method == "POST" and form.is_valid():
        with form.telling_conflicts():
            actions.edit_aim(aim, by=request.user, seen=form.seen, **form.cleaned_data)
            messages.success(request, gettext("The aim is saved."))
            return redirect(_to_part(project, "aims"))
    return _aim_page(request, project, form, aim)


def _aim_page(request: HttpRequest, project: Project, form: AimForm, aim: StrategyAim | None = None) -> HttpResponse:
    return render(
        request,
        "assessments/strategy/aim_form.html",
        {"project": project, "tab": "strategy", "form": form, "aim": aim},
        status=422 if form.is_refused else 200,
    )


@require_POST
def aim_remove(request: HttpRequest, project_id: uuid.UUID, aim_id: uuid.UUID) -> HttpResponse:
    project = find_writable(request, project_id)
    actions.remove_aim(_find_aim(project, aim_id), by=request.user)
    messages.success(request, gettext("The aim was removed."))
    return redirect(_to_part(project, "aims"))


@require_http_methods(["GET", "HEAD", "POST"])
def source_add(request: HttpRequest, project_id: uuid.UUID) -> HttpResponse:
    project = find_writable(request, project_id)
    form = SourceForm(request.POST or None, initial={"kind": request.GET.get("kind", Source.Kind.PERSON)})
    if request.method == "POST" and form.is_valid():
        source_actions.add_source(project, by=request.user, **form.cleaned_data)
        messages.success(request, gettext("The source is saved."))
        return redirect(_to_part(project, "sources"))
    return render(
        request,
        "assessments/strategy/source_form.html",
        {"project": project, "tab": "strategy", "form": form},
        status=422 if form.errors else 200,
    )


@require_POST
def source_remove(request: HttpRequest, project_id: uuid.UUID, source_id: uuid.UUID) -> HttpResponse:
    project = find_writable(request, project_id)
    source = get_object_or_404(Source.objects.filter(project=project), public_id=source_id)
    source.project = project
    source_actions.remove_source(source, by=request.user)
    messages.success(request, gettext("“%(title)s” was removed.") % {"title": source.title})
    return redirect(_to_part(project, "sources"))

"""Recommendations: write, adopt from the guidance, edit, remove."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from assessments.actions import recommendations as actions
from assessments.forms.recommendations import RecommendationForm, from_guidance, possible_needs
from assessments.models import Recommendation
from assessments.views.observations import find_lever, find_writable, to_lever
from projects.models import Project
from toolkit.models import Guidance, Lever


def _kept(project: Project) -> list[Recommendation]:
    """The project's recommendations, with what each needs."""
    return list(
        Recommendation.objects.kept()
        .filter(project=project)
        .select_related("lever", "tool")
        .prefetch_related("needs")
        .order_by("number")
    )


@require_http_methods(["GET", "HEAD", "POST"])
def recommendation_add(request: HttpRequest, project_id: uuid.UUID, lever: str) -> HttpResponse:
    project = find_writable(request, project_id)
    return _add(request, project, find_lever(project, lever))


@require_http_methods(["GET", "HEAD", "POST"])
def recommendation_adopt(request: HttpRequest, project_id: uuid.UUID, lever: str, from_level: int) -> HttpResponse:
    """A suggestion of the guidance, in the project's language, to edit before it is saved."""
    project = find_writable(request, project_id)
    about = find_lever(project, lever)
    guidance = get_object_or_404(Guidance.objects.select_related("tool"), lever=about, from_level=from_level)
    return _add(request, project, about, guidance)


def _add(request: HttpRequest, project: Project, lever: Lever, guidance: Guidance | None = None) -> HttpResponse:
    initial = from_guidance(guidance, project.language) if guidance else {}
    form = RecommendationForm(request.POST or None, lever=lever, others=_kept(project), initial=initial)
    if request.method == "POST" and form.is_valid():
        saved = actions.add_recommendation(
            project, lever=lever, advice=form.advice, needs=form.prerequisites, guidance=guidance, by=request.user
        )
        messages.success(request, gettext("Recommendation R%(number)s is saved.") % {"number": saved.number})
        return redirect(to_lever(project, lever))
    return _form_page(request, project, lever, form, guidance=guidance)


def _form_page(
    request: HttpRequest, project: Project, lever: Lever, form: RecommendationForm, **about: Any
) -> HttpResponse:
    return render(
        request,
        "assessments/recommendations/recommendation_form.html",
        {
            "project": project,
            "tab": "findings",
            "lever": lever,
            "form": form,
            "back": to_lever(project, lever),
            "guidance": None,
            "recommendation": None,
            **about,
        },
        status=422 if form.is_refused else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def recommendation_edit(request: HttpRequest, project_id: uuid.UUID, recommendation_id: uuid.UUID) -> HttpResponse:
    project = find_writable(request, project_id)
    recommendation = _find(project, recommendation_id)
    lever = recommendation.lever
    form = RecommendationForm(
        request.POST or None,
        lever=lever,
        others=possible_needs(recommendation, _kept(project)),
        initial=RecommendationForm.as_written(recommendation),
    )
    if request.method == "POST" and form.is_valid():
        with form.telling_conflicts():
            actions.edit_recommendation(
                recommendation, advice=form.advice, needs=form.prerequisites, by=request.user, seen=form.seen
            )
            said = gettext("Recommendation R%(number)s is saved.") % {"number": recommendation.number}
            messages.success(request, said)
            return redirect(to_lever(project, lever))
    return _form_page(request, project, lever, form, recommendation=recommendation)


def _find(project: Project, recommendation_id: uuid.UUID) -> Recommendation:
    kept = Recommendation.objects.kept().filter(project=project).select_related("lever__pillar", "tool")
    recommendation = get_object_or_404(kept.prefetch_related("needs"), public_id=recommendation_id)
    recommendation.project = project
    return recommendation


@require_POST
def recommendation_remove(request: HttpRequest, project_id: uuid.UUID, recommendation_id: uuid.UUID) -> HttpResponse:
    project = find_writable(request, project_id)
    recommendation = _find(project, recommendation_id)
    actions.remove_recommendation(recommendation, by=request.user)
    messages.success(
        request,
        gettext("Recommendation R%(number)s was removed. Its number is not used again.")
        % {"number": recommendation.number},
    )
    return redirect(to_lever(project, recommendation.lever))

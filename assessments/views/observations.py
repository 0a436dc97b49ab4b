"""Observations: add, edit, remove."""

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from assessments import outline
from assessments.actions import observations as actions
from assessments.actions.writing import refuse_when_closed
from assessments.forms.observations import ObservationForm
from assessments.models import Observation
from projects.models import Project
from projects.permissions import Permission, require
from projects.views.find import find_project
from toolkit.models import Lever, Question


def find_writable(request: HttpRequest, project_id: uuid.UUID) -> Project:
    """The project, for those who may write findings, while these can still change. Raises MoveNotAllowed."""
    project = find_project(request, project_id)
    require(request.user, Permission.RECOMMEND, project)
    refuse_when_closed(project)
    return project


def find_lever(project: Project, code: str) -> Lever:
    levers = Lever.objects.filter(pillar__framework=project.framework).select_related("pillar")
    return get_object_or_404(levers, code=code)


def to_lever(project: Project, lever: Lever) -> str:
    """The lever's place on the findings page."""
    return f"{reverse('assessments:findings', args=[project.public_id])}#lever-{lever.code}"


def _questions(project: Project, lever: Lever) -> list[Question]:
    """The lever's questions in the questionnaire, on which one can write."""
    questions = outline.structure(outline.national_sheet(project).instrument).questions.values()
    return [question for question in questions if question.section.lever_id == lever.pk]


@require_http_methods(["GET", "HEAD", "POST"])
def observation_add(request: HttpRequest, project_id: uuid.UUID, lever: str) -> HttpResponse:
    """On a lever; `?question=` says on which answer, and that one came from the desk."""
    project = find_writable(request, project_id)
    about, origin = find_lever(project, lever), request.GET.get("question", "")
    questions = _questions(project, about)
    if origin and origin not in {question.code for question in questions}:
        raise Http404
    back = reverse("assessments:validate", args=[project_id, origin]) if origin else to_lever(project, about)
    form = ObservationForm(request.POST or None, questions=questions, initial={"question": origin})
    if request.method == "POST" and form.is_valid():
        actions.add_observation(project, lever=about, by=request.user, **form.cleaned_data)
        messages.success(request, gettext("Your observation is saved."))
        return redirect(back)
    return _form_page(request, project, about, form, back)


def _find(project: Project, observation_id: uuid.UUID) -> Observation:
    observations = Observation.objects.filter(project=project).select_related("lever", "question")
    observation = get_object_or_404(observations, public_id=observation_id)
    observation.project = project
    return observation


@require_http_methods(["GET", "HEAD", "POST"])
def observation_edit(request: HttpRequest, project_id: uuid.UUID, observation_id: uuid.UUID) -> HttpResponse:
    project = find_writable(request, project_id)
    observation = _find(project, observation_id)
    form = ObservationForm(
        request.POST or None,
        questions=_questions(project, observation.lever),
        initial=ObservationForm.as_written(observation),
    )
    back = to_lever(project, observation.lever)
    if request.method == "POST" and form.is_valid():
        with form.telling_conflicts():
            actions.edit_observation(observation, by=request.user, seen=form.seen, **form.cleaned_data)
            messages.success(request, gettext("Your observation is saved."))
            return redirect(back)
    return _form_page(request, project, observation.lever, form, back, observation)


def _form_page(
    request: HttpRequest,
    project: Project,
    lever: Lever,
    form: ObservationForm,
    back: str,
    observation: Observation | None = None,
) -> HttpResponse:
    return render(
        request,
        "assessments/observations/observation_form.html",
        {"project": project, "tab": "findings", "lever": lever, "form": form, "back": back, "observation": observation},
        status=422 if form.is_refused else 200,
    )


@require_POST
def observation_remove(request: HttpRequest, project_id: uuid.UUID, observation_id: uuid.UUID) -> HttpResponse:
    project = find_writable(request, project_id)
    observation = _find(project, observation_id)
    actions.remove_observation(observation, by=request.user)
    messages.success(request, gettext("The observation was removed."))
    return redirect(to_lever(project, observation.lever))

"""The deliverables of a project: ask, watch, download, release; the texts that experts write for them."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import translation
from django.utils.translation import gettext, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from assessments.actions.releases import criteria_without_level
from foundation.downloads import download
from projects.models import Project
from projects.permissions import Permission, allows, require
from projects.views.find import find_project
from reports import outline
from reports.actions import reports as actions
from reports.forms.reports import DocumentsForm, EditorialForm, ReleaseForm, RequestForm, language_choices
from reports.models import Deliverable, EditorialText, Report, slots_of


def find_report(request: HttpRequest, project_id: uuid.UUID, report_id: uuid.UUID) -> Report:
    """A document that the reader may see; a draft does not exist for the country."""
    project = find_project(request, project_id)
    visible = Report.objects.visible_to(request.user, project).select_related("job", "file", "snapshot")
    report = get_object_or_404(visible, public_id=report_id)
    report.project = project
    return report


def may(request: HttpRequest, project: Project) -> dict[str, bool]:
    """What the reader may do here."""
    return {
        "may_request": allows(request.user, Permission.REQUEST_REPORT, project),
        "may_release": allows(request.user, Permission.RELEASE, project),
        "may_write": allows(request.user, Permission.RECOMMEND, project),
        "reads_findings": allows(request.user, Permission.READ_FINDINGS, project),
    }


@never_cache
@require_safe
def deliverables(request: HttpRequest, project_id: uuid.UUID) -> HttpResponse:
    project = find_project(request, project_id)
    require(request.user, Permission.READ_RELEASED, project)
    rights = may(request, project)
    if not project.is_released and not rights["reads_findings"]:
        return render(request, "reports/awaited.html", {"project": project, "tab": "deliverables"})
    found = outline.shelves(project, request.user)
    return render(
        request, "reports/deliverables.html", {"project": project, "tab": "deliverables", "kinds": found, **rights}
    )


@require_POST
def report_request(request: HttpRequest, project_id: uuid.UUID) -> HttpResponse:
    project = find_project(request, project_id)
    require(request.user, Permission.REQUEST_REPORT, project)
    form = RequestForm(request.POST, project=project)
    if form.is_valid():
        actions.request_report(project, form.cleaned_data["kind"], form.cleaned_data["language"], by=request.user)
        messages.success(request, gettext("The document is being made. It will be on this page in a moment."))
    else:
        messages.error(request, gettext("Choose a document and a language from this page."))
    return redirect("reports:deliverables", project_id)


@never_cache
@require_safe
def report_progress(request: HttpRequest, project_id: uuid.UUID, report_id: uuid.UUID) -> HttpResponse:
    """One document as it stands: a fragment that asks for itself again until the document is made or failed."""
    report = find_report(request, project_id, report_id)
    return render(
        request, "reports/_report.html", {"project": report.project, "report": report, **may(request, report.project)}
    )


@require_POST
def report_again(request: HttpRequest, project_id: uuid.UUID, report_id: uuid.UUID) -> HttpResponse:
    report = find_report(request, project_id, report_id)
    require(request.user, Permission.REQUEST_REPORT, report.project)
    actions.ask_again(report, by=request.user)
    messages.success(request, gettext("The document is being made again. It will be on this page in a moment."))
    return redirect("reports:deliverables", project_id)


@require_POST
def report_release(request: HttpRequest, project_id: uuid.UUID, report_id: uuid.UUID) -> HttpResponse:
    """Release a draft: the same words, without the mark, as a new version."""
    report = find_report(request, project_id, report_id)
    require(request.user, Permission.RELEASE, report.project)
    actions.release_report(report, by=request.user)
    messages.success(request, gettext("The final version is being made. The country can read it once it is here."))
    return redirect("reports:deliverables", project_id)


@require_safe
def report_file(request: HttpRequest, project_id: uuid.UUID, report_id: uuid.UUID) -> FileResponse:
    """The PDF as a download; the permission is the same as the page's."""
    report = find_report(request, project_id, report_id)
    return download(report.file, name=report.file_name)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def release(request: HttpRequest, project_id: uuid.UUID) -> HttpResponse:
    """The release to the country: levels with their date, and the documents; once released, further documents."""
    project = find_project(request, project_id)
    require(request.user, Permission.RELEASE, project)
    form_class = DocumentsForm if project.is_released else ReleaseForm
    form = form_class(request.POST or None, project=project)
    if request.method == "POST" and form.is_valid():
        documents = _release(request, project, form)
        messages.success(request, _released_message(project, documents))
        return redirect("reports:deliverables", project_id)
    return render(
        request,
        "reports/release.html",
        {
            "project": project,
            "tab": "deliverables",
            "form": form,
            "undecided": [] if project.is_released else criteria_without_level(project),
        },
        status=422 if form.errors else 200,
    )


def _release(request: HttpRequest, project: Project, form: DocumentsForm) -> list[Report]:
    if isinstance(form, ReleaseForm):
        return actions.release_to_country(project, by=request.user, **form.cleaned_data)
    return actions.release_reports(project, by=request.user, **form.cleaned_data)


def _released_message(project: Project, documents: list[Report]) -> str:
    if not documents:
        return gettext("The levels are released. No document was asked for.")
    return ngettext(
        "Released. %(count)s document is being made and will be here in a moment.",
        "Released. %(count)s documents are being made and will be here in a moment.",
        len(documents),
    ) % {"count": len(documents)}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def editorial(request: HttpRequest, project_id: uuid.UUID, kind: str) -> HttpResponse:
    """The texts of one kind of document, in one language; another language by `?language=`."""
    project = find_project(request, project_id)
    if not allows(request.user, Permission.READ_FINDINGS, project):
        raise PermissionDenied(Permission.RECOMMEND.value)
    require(request.user, Permission.RECOMMEND, project)
    if kind not in Deliverable.values:
        raise Http404
    languages = language_choices(project)
    codes = [code for code, _name in languages]
    asked = request.GET.get("language") or project.language
    language = asked if asked in codes else codes[0]
    rows = EditorialText.objects.filter(project=project, kind=kind, language=language).order_by("slot")
    form = EditorialForm(
        request.POST or None, slots=_slots(project), texts={row.slot: row for row in rows}, language=language
    )
    if request.method == "POST" and form.is_valid():
        with form.telling_conflicts():
            actions.save_texts(project, kind, form.changed_texts, by=request.user)
            messages.success(request, gettext("The texts are saved. They stand in the next version you ask for."))
            return redirect("reports:deliverables", project_id)
    return render(
        request,
        "reports/editorial.html",
        {
            "project": project, "tab": "deliverables", "form": form, "kind": Deliverable(kind), "language": language,
            "languages": languages, "language_name": dict(languages)[language],
        },
        status=422 if form.is_refused else 200,
    )  # fmt: skip


def _slots(project: Project) -> list[tuple[str, str, str]]:
    """Each place for a text with its label and what it is for, in the reader's language."""
    language: Any = translation.get_language()
    labels = {
        "message": (
            gettext("Message to management"),
            gettext("Opens the document: what to decide first, in a few sentences."),
        ),
        "context": (
            gettext("Context"),
            gettext("The country and its Post: what a reader has to know, with its sources."),
        ),
        "conclusion": (gettext("Conclusion"), gettext("Closes the document: what comes next.")),
    }
    names = {
        f"pillar:{pillar.code}": pillar.name.in_(language) for pillar in project.framework.pillars.order_by("position")
    }
    found = []
    for slot in slots_of(project.framework):
        label, help_text = labels.get(slot) or (
            gettext("Introduction: %(pillar)s") % {"pillar": names[slot]},
            gettext("What this pillar looks like in the country."),
        )
        found.append((slot, label, help_text))
    return found

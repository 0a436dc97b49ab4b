"""The experts' list of criteria, and the desk at which each is decided."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from assessments import outline
from assessments.actions import validation as actions
from assessments.actions.writing import can_be_written
from assessments.desk import FILTERS, Desk, DeskEntry, desk, is_reviewable
from assessments.forms.validation import DecisionForm
from assessments.models import AnswerSheet
from assessments.views.find import find_questionnaire
from projects.permissions import Permission, allows, require


def _filter(request: HttpRequest) -> str:
    """Which entries the reader chose to see; an unknown word shows all."""
    name = request.GET.get("show", "")
    return name if name in FILTERS else "all"


def _filters(whole: Desk, chosen: str) -> list[dict[str, Any]]:
    labels = {
        "todo": gettext("To validate"),
        "differing": gettext("Differing"),
        "not_applicable": gettext("Not applicable, to decide"),
        "all": gettext("All"),
    }
    counts = whole.counts
    return [
        {"name": name, "label": label, "count": counts[name], "is_chosen": name == chosen}
        for name, label in labels.items()
    ]


def _state(request: HttpRequest, sheet: AnswerSheet) -> dict[str, bool]:
    """What can be done now: by the sheet's state, and by the reader's role."""
    reviewable, written = is_reviewable(sheet), can_be_written(sheet.project)
    return {
        "is_reviewable": reviewable,
        "can_validate": reviewable and written and allows(request.user, Permission.VALIDATE, sheet.project),
        "can_recommend": written and allows(request.user, Permission.RECOMMEND, sheet.project),
    }


@require_safe
def validation(request: HttpRequest, project_id: uuid.UUID) -> HttpResponse:
    sheet = find_questionnaire(request, project_id, Permission.READ_FINDINGS)
    whole, chosen = desk(sheet, request.user), _filter(request)
    todo = whole.shown("todo")
    return render(
        request,
        "assessments/validation/validation.html",
        {
            "project": sheet.project,
            "sheet": sheet,
            "tab": "validation",
            "desk": whole,
            "total": len(whole.entries),
            "sections": whole.by_section(chosen),
            "filters": _filters(whole, chosen),
            "show": chosen,
            "levels": outline.structure(sheet.instrument).levels,
            "following": todo[0] if todo else None,
            **_state(request, sheet),
        },
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def validate(request: HttpRequest, project_id: uuid.UUID, question: str) -> HttpResponse:
    sheet = find_questionnaire(request, project_id, Permission.READ_FINDINGS)
    if request.method == "POST":
        require(request.user, Permission.VALIDATE, sheet.project)
    whole = desk(sheet, request.user)
    entry = whole.entry(question)
    if entry is None:
        raise Http404
    if request.method == "POST":
        return _decide(request, whole, entry)
    return _desk_page(request, whole, entry, DecisionForm(entry=entry))


def _decide(request: HttpRequest, whole: Desk, entry: DeskEntry) -> HttpResponse:
    form = DecisionForm(request.POST, entry=entry)
    if not form.is_valid():
        return _desk_page(request, whole, entry, form, status=422)
    with form.telling_conflicts():
        actions.record_decision(
            whole.sheet,
            entry.question,
            form.decision,
            by=request.user,
            language=form.cleaned_data["language"],
            seen=form.seen,
        )
    if form.meanwhile:
        return _desk_page(request, whole, entry, form, status=422)
    messages.success(request, gettext("Your decision on %(code)s is saved.") % {"code": entry.code})
    project_id, chosen = whole.sheet.project.public_id, _filter(request)
    following = whole.next_after(entry.code, "todo" if chosen == "all" else chosen)
    if following is None:
        return redirect("assessments:validation", project_id)
    return redirect(_with_filter(reverse("assessments:validate", args=[project_id, following.code]), chosen))


def _with_filter(address: str, chosen: str) -> str:
    return address if chosen == "all" else f"{address}?show={chosen}"


def _desk_page(
    request: HttpRequest, whole: Desk, entry: DeskEntry, form: DecisionForm, status: int = 200
) -> HttpResponse:
    sheet, chosen = whole.sheet, _filter(request)
    structure = outline.structure(sheet.instrument)
    facts = [question for question in structure.of_section(entry.question.section) if not question.is_scored]
    return render(
        request,
        "assessments/validation/validate.html",
        {
            "project": sheet.project,
            "sheet": sheet,
            "tab": "validation",
            "entry": entry,
            "form": form,
            "verdict": form["verdict"].value() or "",
            "levels": structure.levels,
            "facts": [fact for fact in outline.question_entries(sheet, facts, request.user) if not fact.is_hidden],
            "submission": sheet.submissions.order_by("-number").first(),
            "queue": whole.around(entry, chosen),
            "settled": whole.settled,
            "total": len(whole.entries),
            "filters": _filters(whole, chosen),
            "show": chosen,
            "previous": whole.before(entry.code, chosen),
            "following": whole.next_after(entry.code, chosen),
            **_state(request, sheet),
        },
        status=status,
    )

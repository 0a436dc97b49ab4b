"""Evidence: add, describe, use again, remove, download; and the register of a sheet."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.template.loader import render_to_string
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from assessments import outline, values
from assessments.actions import evidence as actions
from assessments.forms import evidence as forms
from assessments.models import AnswerSheet, Evidence, EvidenceUse
from assessments.register import FILTERS, entry_of, register
from assessments.views.find import READS, WRITES, find_question, find_sheet, institution_of, is_national_reader
from foundation.downloads import download
from projects.permissions import allows
from toolkit.models import Audience, Question


@require_POST
def evidence_add(request: HttpRequest, project_id: uuid.UUID, instrument: str, question: str) -> HttpResponse:
    """Files and a link for one question, from the script; replies with the question's evidence as it stands."""
    sheet, asked = find_question(request, project_id, instrument, question, WRITES)
    problem = ""
    try:
        if not forms.add_from(request, sheet, asked, institution_of(request, sheet)):
            problem = gettext("Choose a file or give a link first.")
    except values.ImpossibleValue as error:
        problem = str(error)
    return HttpResponse(evidence_html(request, sheet, asked, problem), status=422 if problem else 200)


def _find_piece(
    request: HttpRequest, project_id: uuid.UUID, instrument: str, evidence_id: uuid.UUID, permission: dict
) -> Evidence:
    sheet = find_sheet(request, project_id, instrument, permission)
    pieces = Evidence.objects.filter(sheet=sheet).kept().readable_by(request.user, sheet.project)  # type: ignore[attr-defined]
    piece = get_object_or_404(pieces.select_related("file__scan", "added_by"), public_id=evidence_id)
    piece.sheet = sheet
    return piece


def _find_use(piece: Evidence, question: str, reader: Any) -> EvidenceUse:
    uses = piece.uses.kept().readable_by(reader, piece.sheet.project)
    use = get_object_or_404(uses.select_related("question__section"), question__code=question)
    use.piece = piece
    return use


@require_safe
def evidence_register(request: HttpRequest, project_id: uuid.UUID, instrument: str) -> HttpResponse:
    """Every piece with the answers that rest on it; what is still asked for, and from whom."""
    sheet = find_sheet(request, project_id, instrument, READS)
    whole = register(sheet, request.user)
    show = request.GET.get("show", "all")
    if show not in FILTERS:
        raise Http404
    labels = {
        "all": gettext("All pieces"), "files": gettext("Files"), "links": gettext("Links"),
        "late": gettext("Added after submission"), "confidential": gettext("Confidential pieces"),
    }  # fmt: skip
    return render(
        request,
        "assessments/evidence/evidence_register.html",
        {
            **_frame(sheet),
            "register": whole,
            "show": show,
            "entries": whole.shown(show),
            "filters": [(name, labels[name], count) for name, count in whole.counts.items() if count or name == show],
        },
    )


def _frame(sheet: AnswerSheet) -> dict[str, Any]:
    is_experts = sheet.instrument.audience == Audience.EXPERTS
    return {
        "project": sheet.project,
        "sheet": sheet,
        "is_experts": is_experts,
        "tab": "strategy" if is_experts else "questionnaire",
    }


@require_http_methods(["GET", "HEAD", "POST"])
def evidence_piece(
    request: HttpRequest, project_id: uuid.UUID, instrument: str, evidence_id: uuid.UUID
) -> HttpResponse:
    """One piece: what it is, which answers rest on it, where in it to look."""
    is_post = request.method == "POST"
    piece = _find_piece(request, project_id, instrument, evidence_id, WRITES if is_post else READS)
    sheet = piece.sheet
    entry = entry_of(sheet, piece, request.user)
    places = sheet.project.places_of(request.user).institutions
    said = {name: getattr(piece, name) for name in ("title", "document_date", "language", "is_confidential")}
    form = forms.PieceForm(request.POST if is_post else None, initial=said, is_own=piece.institution in places)
    if is_post and form.is_valid():
        actions.describe_evidence(piece, actions.Piece(**form.cleaned_data), places=places)
        messages.success(request, gettext("“%(title)s” is saved.") % {"title": form.cleaned_data["title"]})
        return redirect("assessments:evidence_register", project_id, instrument)
    can_add = may_add(request, sheet)
    whole = outline.structure(sheet.instrument)
    used = {use.question_id for use in entry.uses}
    return render(
        request,
        "assessments/evidence/evidence_piece.html",
        {
            **_frame(sheet),
            "piece": piece,
            "entry": entry,
            "uses": [(use, can_add and actions.can_change(sheet, use)) for use in entry.uses],
            "form": form,
            "can_add": can_add,
            "can_describe": can_add and all(actions.can_change(sheet, use) for use in entry.uses),
            "others": [question for question in whole.questions.values() if question.pk not in used],
        },
        status=422 if form.errors else 200,
    )


def may_add(request: HttpRequest, sheet: AnswerSheet) -> bool:
    """Whether the reader may add evidence to this sheet now: role and state together."""
    writes = allows(request.user, WRITES[Audience(sheet.instrument.audience)], sheet.project)
    return writes and actions.takes_evidence(sheet)


@require_http_methods(["GET", "HEAD", "POST"])
def evidence_use(request: HttpRequest, project_id: uuid.UUID, instrument: str) -> HttpResponse:
    """Let an answer rest on a piece that was added before: `?question=` is offered the pieces to choose from."""
    sheet = find_sheet(request, project_id, instrument, WRITES)
    pieces = Evidence.objects.filter(sheet=sheet).kept().readable_by(request.user, sheet.project)  # type: ignore[attr-defined]
    questions = outline.structure(sheet.instrument).questions
    asked = questions.get(request.GET.get("question", ""))
    form = forms.UseForm(
        request.POST or None, initial={"question": asked.code if asked else ""}, pieces=pieces,
        questions=list(questions.values()),
    )  # fmt: skip
    if request.method == "POST" and form.is_valid():
        chosen, question = form.cleaned_data["piece"], questions[form.cleaned_data["question"]]
        chosen.sheet = sheet
        actions.use_evidence(
            chosen, question, pages=form.cleaned_data["pages"], institution=institution_of(request, sheet),
            by=request.user,
        )  # fmt: skip
        if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
            return JsonResponse({"html": evidence_html(request, sheet, question)})
        messages.success(
            request,
            gettext("The answer to %(code)s now rests on “%(title)s” too.")
            % {"code": question.code, "title": chosen.title},
        )
        return _to_question(sheet, question)
    return render(
        request,
        "assessments/evidence/evidence_use.html",
        {**_frame(sheet), "form": form, "asked": asked, "pieces": pieces},
        status=422 if form.errors else 200,
    )


def evidence_html(request: HttpRequest, sheet: AnswerSheet, question: Question, problem: str = "") -> str:
    """What stands beside the question now, for the script; `problem`: the sentence of what could not be added."""
    (entry,) = outline.question_entries(sheet, [question], request.user)
    shown = {
        "entry": entry, "sheet": sheet, "project": sheet.project, "can_add_evidence": True, "problem": problem,
        "is_national_reader": is_national_reader(request, sheet),
    }  # fmt: skip
    return render_to_string("assessments/_evidence.html", shown, request)


def _to_question(sheet: AnswerSheet, question: Question) -> HttpResponse:
    page = resolve_url("assessments:section", sheet.project.public_id, sheet.instrument.code, question.section.code)
    return redirect(f"{page}#{question.code}")


@require_POST
def evidence_pages(
    request: HttpRequest, project_id: uuid.UUID, instrument: str, evidence_id: uuid.UUID, question: str
) -> HttpResponse:
    """Say where in the piece to look for what supports this answer."""
    piece = _find_piece(request, project_id, instrument, evidence_id, WRITES)
    use = _find_use(piece, question, request.user)
    form = forms.PagesForm(request.POST)
    if form.is_valid():
        actions.change_pages(use, form.cleaned_data["pages"])
        messages.success(request, gettext("“%(title)s” is saved.") % {"title": piece.title})
    for error in form.errors.get("pages", []):
        messages.error(request, error)
    return redirect("assessments:evidence_piece", project_id, instrument, evidence_id)


@require_POST
def evidence_remove(
    request: HttpRequest, project_id: uuid.UUID, instrument: str, evidence_id: uuid.UUID, question: str
) -> HttpResponse:
    """The answer no longer rests on the piece."""
    piece = _find_piece(request, project_id, instrument, evidence_id, WRITES)
    use = _find_use(piece, question, request.user)
    actions.remove_evidence(use, by=request.user)
    messages.success(request, gettext("“%(title)s” was removed.") % {"title": piece.title})
    return _to_question(piece.sheet, use.question)


@require_safe
def evidence_file(request: HttpRequest, project_id: uuid.UUID, instrument: str, evidence_id: uuid.UUID) -> FileResponse:
    """The file itself; the permission is the same as the page's."""
    piece = _find_piece(request, project_id, instrument, evidence_id, READS)
    return download(piece.file, name=piece.file_name)


@require_safe
def evidence_view(request: HttpRequest, project_id: uuid.UUID, instrument: str, evidence_id: uuid.UUID) -> FileResponse:
    """The same, shown in the browser's window, of the kinds that are harmless there."""
    piece = _find_piece(request, project_id, instrument, evidence_id, READS)
    return download(piece.file, name=piece.file_name, show=True)

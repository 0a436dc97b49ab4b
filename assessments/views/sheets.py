"""The questionnaire (and the experts' checklist) section by section."""

import uuid
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from assessments import outline, threads, values
from assessments.actions import answers as actions
from assessments.actions import evidence as evidence_actions
from assessments.actions.others import previous_submission
from assessments.actions.signatures import takes_section_signatures
from assessments.conflicts import put_together
from assessments.forms import answers as forms
from assessments.forms.evidence import evidence_of_section
from assessments.models import NATIONAL_INSTITUTIONS, AnswerSheet, SheetState, Submission
from assessments.signatures import signatories, signs_whole
from assessments.views.answers import content_of, outcome_sentence, save_typed, withheld_sentence
from assessments.views.find import (
    READS,
    WRITES,
    find_questionnaire,
    find_sheet,
    institution_of,
    is_national_reader,
)
from projects.permissions import Permission, allows
from toolkit.models import Audience, Section


def lets_keep(response: HttpResponse, request: HttpRequest, sheet: AnswerSheet) -> HttpResponse:
    """The device of who answers may keep the page, and open it without a line (static/worker.js)."""
    if is_kept(request, sheet):
        response["X-Keep"] = "yes"
    return response


def is_kept(request: HttpRequest, sheet: AnswerSheet) -> bool:
    return (
        sheet.instrument.audience == Audience.NATIONAL
        and allows(request.user, Permission.ANSWER, sheet.project)
        and not allows(request.user, Permission.READ_FINDINGS, sheet.project)
    )


@require_safe
def questionnaire(request: HttpRequest, project_id: uuid.UUID) -> HttpResponse:
    sheet = find_questionnaire(request, project_id, Permission.READ_ANSWERS)
    entries = outline.section_entries(sheet)
    own = own_sections(request, sheet, entries)
    page = render(
        request,
        "assessments/questionnaire.html",
        {
            "project": sheet.project,
            "tab": "questionnaire",
            "sheet": sheet,
            "own": own,
            "entries": [entry for entry in entries if entry not in own],
            "is_shared_out": any(entry.assignment for entry in entries),
            "signatories": signatories(sheet, entries),
            "minutes": sum(entry.minutes_left for entry in entries),
            "returns": outline.last_returns(sheet) if sheet.is_open else [],
            "submission": sheet.submissions.select_related("request").order_by("-number").first(),
            "next_section": next((entry.section for entry in outline.waiting_for(entries, own)), None),
            "is_with_others": any(entry.is_to_fill for entry in entries),
            "is_kept": is_kept(request, sheet),
            "previous": previous_to_propose(request, sheet),
            "can_add_evidence": evidence_actions.takes_evidence(sheet)
            and allows(request.user, Permission.ANSWER, sheet.project),
            **may(request, sheet),
        },
    )
    return lets_keep(page, request, sheet)


def may_mark(user: Any, sheet: AnswerSheet) -> bool:
    """The experts' own checklist is not the national team's to mark."""
    is_national = sheet.instrument.audience == Audience.NATIONAL
    return is_national and allows(user, Permission.DISCUSS_IN_TEAM, sheet.project)


def previous_to_propose(request: HttpRequest, sheet: AnswerSheet) -> Submission | None:
    """What was signed in the previous round, for those who may propose it to the country now."""
    project = sheet.project
    if not (project.is_running and sheet.is_open and allows(request.user, Permission.MANAGE_PROJECT, project)):
        return None
    return previous_submission(project)


def own_sections(
    request: HttpRequest, sheet: AnswerSheet, entries: Iterable[outline.SectionEntry]
) -> list[outline.SectionEntry]:
    """The sections that the reader answers: those assigned to them, or to their institution and nobody there."""
    if not allows(request.user, Permission.ANSWER, sheet.project):
        return []
    institutions = sheet.project.places_of(request.user).institutions
    return [entry for entry in entries if entry.is_for(request.user, institutions)]


def may(request: HttpRequest, sheet: AnswerSheet) -> dict[str, bool]:
    """What the reader may do with the national sheet now: role and state together."""
    user, project, running = request.user, sheet.project, sheet.project.is_running
    waits = running and sheet.state == SheetState.AWAITING_SIGNATURE
    signs = waits and allows(user, Permission.SIGN, project) and signs_whole(sheet, user)
    closes = waits and (signs or allows(user, Permission.SEND_TO_SIGNATORY, project))
    return {
        "may_answer": running and sheet.is_open and allows(user, Permission.ANSWER, project),
        "may_lead": running and allows(user, Permission.LEAD_TEAM, project),
        "may_ask_to_sign": takes_section_signatures(sheet) and allows(user, Permission.LEAD_TEAM, project),
        "may_sign_sections": takes_section_signatures(sheet) and allows(user, Permission.SIGN, project),
        "may_send": running and sheet.is_open and allows(user, Permission.SEND_TO_SIGNATORY, project),
        "may_take_back": closes,
        "may_send_paper": closes,
        "may_sign": signs,
        "may_review": running
        and sheet.state in {SheetState.SUBMITTED, SheetState.ACCEPTED}
        and not project.is_released
        and allows(user, Permission.VALIDATE, project),
        "may_accept": running and sheet.state == SheetState.SUBMITTED and allows(user, Permission.VALIDATE, project),
    }


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def section(request: HttpRequest, project_id: uuid.UUID, instrument: str, section_code: str) -> HttpResponse:
    if request.method == "POST":
        return _post_section(request, project_id, instrument, section_code)
    sheet = find_sheet(request, project_id, instrument, READS)
    part = _find_section(sheet, section_code)
    questions = outline.structure(sheet.instrument).of_section(part)
    page = _section_page(request, sheet, part, outline.question_entries(sheet, questions, request.user))
    return lets_keep(page, request, sheet)


def _find_section(sheet: AnswerSheet, code: str) -> Section:
    part = outline.structure(sheet.instrument).section(code)
    if part is None:
        raise Http404
    return part


def _section_page(
    request: HttpRequest, sheet: AnswerSheet, part: Section, entries: list[outline.QuestionEntry], status: int = 200
) -> HttpResponse:
    sections = outline.section_entries(sheet)
    beside = threads.beside(sheet, request.user)
    entries = [replace(entry, beside=beside.get(entry.question.pk)) for entry in entries]
    position = [entry.section.pk for entry in sections].index(part.pk)
    counters = sections[position].counters
    writes = allows(request.user, WRITES[Audience(sheet.instrument.audience)], sheet.project)
    is_experts = sheet.instrument.audience == Audience.EXPERTS
    return render(
        request,
        "assessments/section.html",
        {
            "project": sheet.project,
            "sheet": sheet,
            "part": part,
            "tab": "strategy" if is_experts else "questionnaire",
            "is_experts": is_experts,
            "sections": sections,
            "counters": counters,
            "entries": entries,
            "counts_some": any(entry.question.condition or not entry.question.is_core for entry in entries),
            "problems": [entry for entry in entries if entry.error or (entry.typed and entry.conflicts)],
            "returns": [
                entry for entry in outline.last_returns(sheet) if sheet.is_open and entry.section_id in {None, part.pk}
            ],
            "previous": sections[position - 1].section if position else None,
            "following": sections[position + 1].section if position + 1 < len(sections) else None,
            "can_write": (can_write := writes and actions.takes_answers(sheet, counters)),
            "may_mark": may_mark(request.user, sheet) and sheet.project.is_running,
            **entering_for(request, sheet, can_write=can_write),
            "first_open": next((entry.code for entry in entries if entry.is_open), None),
            "is_national_reader": is_national_reader(request, sheet),
            "can_add_evidence": writes and evidence_actions.takes_evidence(sheet),
            "is_kept": is_kept(request, sheet),
            "is_return_elsewhere": writes and sheet.is_open and not counters.is_open,
            **outline.explanations(sheet, [entry.question for entry in entries], part.text),
        },
        status=status,
    )


def entering_for(request: HttpRequest, sheet: AnswerSheet, *, can_write: bool) -> dict[str, Any]:
    """For which institution the coordinator types answers in, as the page's address says: `?for=ministry`."""
    offered = can_write and allows(request.user, Permission.LEAD_TEAM, sheet.project)
    own = institution_of(request, sheet)
    others = [(place.value, place.label) for place in NATIONAL_INSTITUTIONS if place != own] if offered else []
    chosen = request.GET.get("for", "")
    behalf = chosen if chosen in dict(others) else ""
    return {
        "others": others,
        "behalf": behalf,
        "behalf_label": dict(others).get(behalf, ""),
        "for_query": f"?for={behalf}" if behalf else "",
    }


def _post_section(request: HttpRequest, project_id: uuid.UUID, instrument: str, section_code: str) -> HttpResponse:
    """The section's plain form, without JavaScript: every changed answer by the same action, then evidence."""
    sheet = find_sheet(request, project_id, instrument, WRITES)
    part = _find_section(sheet, section_code)
    questions = outline.structure(sheet.instrument).of_section(part)
    shown = {entry.code: entry for entry in outline.question_entries(sheet, questions, request.user)}
    typed_again: dict[str, dict[str, Any]] = {}
    saved = 0
    for question in questions:
        if f"{question.code}:base" not in request.POST:
            continue
        typed = forms.typed_fields(question, request.POST)
        try:
            outcome = _save_changed(request, sheet, shown[question.code], typed)
        except values.ImpossibleValue as problem:
            typed_again[question.code] = {**typed, "error": str(problem)}
            continue
        except PermissionDenied:  # another institution answered in confidence while this was typed
            typed_again[question.code] = {**typed, "error": withheld_sentence()}
            continue
        if outcome is actions.Outcome.SAVED:
            saved += 1
        elif outcome is not None:
            typed_again[question.code] = {**typed, "error": outcome_sentence(outcome)}
    for code, problem in evidence_of_section(request, sheet, questions, institution_of(request, sheet)).items():
        typed_again.setdefault(code, {**forms.typed_fields(shown[code].question, request.POST)})["error"] = problem
    if not typed_again:
        messages.success(
            request,
            gettext("Saved at %(time)s.") % {"time": formats.time_format(timezone.localtime(), "TIME_FORMAT")}
            if saved
            else gettext("Nothing had changed."),
        )
        here = reverse("assessments:section", args=[project_id, instrument, section_code])
        return redirect(here + entering_for(request, sheet, can_write=True)["for_query"])
    entries = [
        replace(entry, typed=typed_again[entry.code], error=typed_again[entry.code]["error"])
        if entry.code in typed_again
        else entry
        for entry in outline.question_entries(sheet, questions, request.user)
    ]
    return _section_page(request, sheet, part, entries, status=422)


def _save_changed(
    request: HttpRequest, sheet: AnswerSheet, entry: outline.QuestionEntry, typed: dict[str, Any]
) -> actions.Outcome | None:
    """Save one question of the plain form; None when nothing differs from what stands. Raises ImpossibleValue."""
    question = entry.question
    content = content_of(request, sheet, question, typed)
    blank = actions.Content(status="blank", is_confidential=question.is_confidential)
    stands = actions.Content(**entry.answer.content()) if entry.answer else blank
    kept = request.POST.get(f"{question.code}:keep")
    if kept and entry.conflicts:
        content = _kept(entry, stands, content, kept)
    elif content == stands:
        return None
    base, save_id = forms.read_base(question, request.POST)
    return save_typed(request, sheet, question, content, base, save_id).outcome


def _kept(entry: outline.QuestionEntry, stands: actions.Content, typed: actions.Content, kept: str) -> actions.Content:
    """Of two answers the one that was chosen. What was typed over one's own refused text counts for it."""
    refused = entry.conflicts[0]
    if kept == "theirs":
        return stands
    if kept == "both":
        return actions.Content(**(put_together(entry.question, refused, entry.answer) or refused.content()))
    return actions.Content(**refused.content()) if typed == stands else typed

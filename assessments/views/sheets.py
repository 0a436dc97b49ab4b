"""The questionnaire (and the experts' checklist) section by section, and the saving of answers."""

import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from assessments import outline, threads, values
from assessments.actions import answers as actions
from assessments.actions import evidence as evidence_actions
from assessments.actions.others import previous_submission, proposal_to_confirm, save_confirmed
from assessments.actions.signatures import takes_section_signatures
from assessments.conflicts import conflict, put_together
from assessments.forms import answers as forms
from assessments.forms.evidence import evidence_of_section
from assessments.models import NATIONAL_INSTITUTIONS, Answer, AnswerSheet, OtherAnswer, SheetState, Submission
from assessments.signatures import signatories, signs_whole
from assessments.views.find import (
    READS,
    WRITES,
    bare_sheets,
    find_question,
    find_questionnaire,
    find_sheet,
    institution_of,
    is_national_reader,
)
from foundation.languages import active_language
from projects.permissions import Permission, allows
from toolkit.models import Audience, Question, Section


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
    content = _content(request, sheet, question, typed)
    blank = actions.Content(status="blank", is_confidential=question.is_confidential)
    stands = actions.Content(**entry.answer.content()) if entry.answer else blank
    kept = request.POST.get(f"{question.code}:keep")
    if kept and entry.conflicts:
        content = _kept(entry, stands, content, kept)
    elif content == stands:
        return None
    base, save_id = forms.read_base(question, request.POST)
    return _save(request, sheet, question, content, base, save_id).outcome


def _kept(entry: outline.QuestionEntry, stands: actions.Content, typed: actions.Content, kept: str) -> actions.Content:
    """Of two answers the one that was chosen. What was typed over one's own refused text counts for it."""
    refused = entry.conflicts[0]
    if kept == "theirs":
        return stands
    if kept == "both":
        return actions.Content(**(put_together(entry.question, refused, entry.answer) or refused.content()))
    return actions.Content(**refused.content()) if typed == stands else typed


def _content(request: HttpRequest, sheet: AnswerSheet, question: Question, typed: dict[str, Any]) -> actions.Content:
    return forms.read_content(
        question,
        typed,
        levels=outline.structure(sheet.instrument).levels,
        language=forms.read_language(question, request.POST),
    )


def _save(
    request: HttpRequest,
    sheet: AnswerSheet,
    question: Question,
    content: actions.Content,
    base: int,
    save_id: uuid.UUID,
) -> actions.Reply:
    """The action, its refusals as sentences. Raises ImpossibleValue and PermissionDenied."""
    own = institution_of(request, sheet)
    behalf = forms.read_behalf(question, request.POST)
    if behalf and not allows(request.user, Permission.LEAD_TEAM, sheet.project):
        raise values.ImpossibleValue(
            gettext("Only the national coordinator enters answers for another institution. Load the page again.")
        )
    confirms = forms.read_proposal(question, request.POST)
    with refusals_in_words():
        if confirms and (proposal := _confirmed(request, sheet, question, content, confirms, save_id)):
            return save_confirmed(
                proposal, sheet, content, base=base, save_id=save_id, by=request.user,
                institution=behalf or own, is_on_behalf=behalf not in {"", own},
            )  # fmt: skip
        return actions.save_answer(
            sheet,
            question,
            content,
            base=base,
            save_id=save_id,
            by=request.user,
            language=forms.read_language(question, request.POST),
            institution=behalf or own,
            is_on_behalf=behalf not in {"", own},
        )


def _confirmed(
    request: HttpRequest,
    sheet: AnswerSheet,
    question: Question,
    content: actions.Content,
    public_id: uuid.UUID,
    save_id: uuid.UUID,
) -> OtherAnswer | None:
    """The proposal that the content takes for the answer; None where it says something else. Raises ImpossibleValue."""
    proposal = proposal_to_confirm(sheet, question, public_id, save_id, by=request.user)
    if proposal is None:
        raise values.ImpossibleValue(
            gettext(
                "Not saved: this proposal was changed or taken back meanwhile. Load the page again and read what is "
                "proposed now; or answer in your own words."
            )
        )
    return proposal if content == actions.Content(**proposal.confirmed_content) else None


@contextmanager
def refusals_in_words() -> Iterator[None]:
    """Around a save: what the action refuses, as ImpossibleValue with a sentence or as PermissionDenied."""
    try:
        yield
    except actions.SaveIdTaken as error:
        raise values.ImpossibleValue(
            gettext("This text could not be told from an earlier one. Load the page again and type it once more.")
        ) from error
    except actions.ImpossibleBase as error:
        raise values.ImpossibleValue(
            gettext("The page is not complete. Load it again; what you typed stays on this device.")
        ) from error
    except actions.Withheld as error:
        raise PermissionDenied("withheld") from error


def withheld_sentence() -> str:
    return gettext(
        "Another institution has given a confidential answer here. Only that institution, the experts and the "
        "International Bureau read it."
    )


def outcome_sentence(outcome: actions.Outcome) -> str:
    if outcome is actions.Outcome.CONFLICT:
        return gettext("Someone else saved an answer while you were typing. Both are kept: choose below.")
    return gettext("The questionnaire was closed meanwhile. Your text is kept and shown to the coordinator.")


@never_cache
@require_POST
def answer_save(request: HttpRequest, project_id: uuid.UUID, instrument: str, question: str) -> HttpResponse:
    """One save, from the script. Replies by DESIGN's table, always JSON.

    X-Person: whose text it is; in a browser where someone else has signed in since, nothing of it is taken.
    """
    if request.headers.get("X-Person", "") not in {"", str(request.user.public_id)}:
        return JsonResponse({"problem": "other_person"}, status=401)
    sheet, asked = find_question(request, project_id, instrument, question, WRITES, bare_sheets)
    try:
        base, save_id = forms.read_base(asked, request.POST)
        content = _content(request, sheet, asked, forms.typed_fields(asked, request.POST))
        reply = _save(request, sheet, asked, content, base, save_id)
    except values.ImpossibleValue as problem:
        return JsonResponse({"problem": "impossible", "message": str(problem)}, status=422)
    return JsonResponse(
        _reply(request, sheet, asked, reply), status=200 if reply.outcome is actions.Outcome.SAVED else 409
    )


def _reply(request: HttpRequest, sheet: AnswerSheet, asked: Question, reply: actions.Reply) -> dict[str, Any]:
    whole = outline.structure(sheet.instrument)
    language = active_language()
    head = reply.head
    here = whole.of_section(asked.section)
    withheld = {
        answer.question_id for answer in reply.answers if not answer.is_readable_by(request.user, sheet.project)
    }
    return {
        "outcome": reply.outcome.value,
        "problem": None if reply.outcome is actions.Outcome.SAVED else reply.outcome.value,
        "message": saved_sentence(head, request.user)
        if reply.outcome is actions.Outcome.SAVED and head
        else outcome_sentence(reply.outcome),
        "number": reply.number,
        "head": head.number if head else 0,
        "saved_at": reply.saved_at.isoformat(),
        "shown": values.typed_again(asked.kind, head.value)
        if head and reply.outcome is actions.Outcome.SAVED
        else None,
        **(_two_answers(asked, reply) if reply.outcome is actions.Outcome.CONFLICT else {}),
        "section": {"answered": reply.section.answered, "applicable": reply.section.applicable},
        "sheet": {"answered": reply.sheet.answered, "applicable": reply.sheet.applicable},
        "hidden": [question.code for question in here if question.code in reply.hidden],
        "warnings": {
            question.code: [
                warning.text.in_(language)
                for warning in outline.holding_warnings(whole, question, reply.facts, reply.hidden)
            ]
            for question in here
            if question.pk not in withheld
        },
    }


def _two_answers(asked: Question, reply: actions.Reply) -> dict[str, Any]:
    """Both texts as the page shows them, and the other one as the previous release's script takes it."""
    context = {
        "conflict": conflict(asked, reply.revision, reply.head), "theirs": reply.head, "can_write": True
    }  # fmt: skip
    return {
        "box": render_to_string("assessments/_conflict.html", context),
        "theirs": _version(asked, reply.head, active_language()),
    }


def saved_sentence(answer: Answer, reader: Any) -> str:
    """When and by whom the answer that stands was saved."""
    moment = timezone.localtime(answer.saved_at)
    is_own = answer.saved_by_id == reader.pk
    if moment.date() == timezone.localdate():
        when = formats.time_format(moment, "TIME_FORMAT")
        sentence = gettext("Saved at %(when)s by you") if is_own else gettext("Saved at %(when)s by %(name)s")
    else:
        when = formats.date_format(moment, "DATETIME_FORMAT")
        sentence = gettext("Saved on %(when)s by you") if is_own else gettext("Saved on %(when)s by %(name)s")
    said = sentence % {"when": when, "name": answer.saved_by.name}
    if answer.is_on_behalf:
        said += " · " + gettext("entered for: %(who)s") % {"who": answer.get_institution_display()}
    return said


def _version(asked: Question, answer: Answer, language: str) -> dict[str, Any]:
    """The other person's answer, as the conflict shows it and as the fields take it."""
    moment = timezone.localtime(answer.saved_at)
    return {
        "author": answer.saved_by.name,
        "when": formats.date_format(moment, "DATETIME_FORMAT"),
        "lines": values.in_words(asked, answer.value, language) or [str(answer.get_status_display())],
        "status": answer.status,
        "value": values.typed_again(asked.kind, answer.value),
        "reason": answer.reason,
        "note": answer.note,
        "basis": answer.basis,
        "is_confidential": answer.is_confidential,
    }

"""Saving an answer: from the script by DESIGN's table of replies, and the sentences that say what became of a save."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils import formats, timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from assessments import outline, values
from assessments.actions import answers as actions
from assessments.actions.others import proposal_to_confirm, save_confirmed
from assessments.conflicts import conflict
from assessments.forms import answers as forms
from assessments.models import Answer, AnswerSheet, OtherAnswer
from assessments.views.find import WRITES, bare_sheets, find_question, institution_of, of_this_person
from foundation.languages import active_language
from projects.permissions import Permission, allows
from toolkit.models import Question


def content_of(request: HttpRequest, sheet: AnswerSheet, question: Question, typed: dict[str, Any]) -> actions.Content:
    """What was typed, read in the notation of the page it was typed in. Raises ImpossibleValue."""
    return forms.read_content(
        question,
        typed,
        levels=outline.structure(sheet.instrument).levels,
        language=forms.read_language(question, request.POST),
    )


def save_typed(
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
@of_this_person
def answer_save(request: HttpRequest, project_id: uuid.UUID, instrument: str, question: str) -> HttpResponse:
    """One save, from the script. Replies by DESIGN's table, always JSON."""
    sheet, asked = find_question(request, project_id, instrument, question, WRITES, bare_sheets)
    try:
        base, save_id = forms.read_base(asked, request.POST)
        content = content_of(request, sheet, asked, forms.typed_fields(asked, request.POST))
        reply = save_typed(request, sheet, asked, content, base, save_id)
    except values.ImpossibleValue as problem:
        return JsonResponse({"problem": "impossible", "message": str(problem)}, status=422)
    except PermissionDenied:  # withheld meanwhile; a 403 would tell the person that their access has ended
        return JsonResponse({"problem": "withheld", "message": withheld_sentence()}, status=422)
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

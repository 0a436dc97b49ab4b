"""Answers beside the one that counts: the IB proposes, the country confirms; another institution differs."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from assessments import outline, values
from assessments.actions import others as actions
from assessments.actions.answers import Outcome
from assessments.forms import answers as forms
from assessments.forms.others import DifferingForm, OtherForm, ProposalForm
from assessments.models import AnswerSheet, AnswerStatus, OtherAnswer, OtherKind
from assessments.views.answers import outcome_sentence, refusals_in_words
from assessments.views.find import find_question, find_sheet, institution_of, of_questionnaire
from assessments.views.questions import question_page
from foundation.languages import active_language
from projects.permissions import Permission, require
from toolkit.models import Question


def _read(request: HttpRequest, sheet: AnswerSheet, asked: Question, form: OtherForm) -> tuple[dict[str, Any], Any]:
    """What was typed, and the content; None where something is wrong, which is then told in `typed` or the form."""
    typed = forms.typed_fields(asked, request.POST)
    levels = outline.structure(sheet.instrument).levels
    try:
        content = forms.read_content(asked, typed, levels=levels, language=active_language())
        if content.status == AnswerStatus.BLANK or (
            isinstance(form, ProposalForm) and content.status == AnswerStatus.DONT_KNOW
        ):
            raise values.ImpossibleValue(gettext("Give an answer above; without one there is nothing to save."))
    except values.ImpossibleValue as problem:
        form.is_valid()
        return {**typed, "error": str(problem)}, None
    return typed, content if form.is_valid() else None


@never_cache
@require_POST
def proposal_add(request: HttpRequest, project_id: uuid.UUID, instrument: str, question: str) -> HttpResponse:
    sheet, asked = find_question(request, project_id, instrument, question, of_questionnaire(Permission.MANAGE_PROJECT))
    form = ProposalForm(request.POST)
    typed, content = _read(request, sheet, asked, form)
    if content is None:
        return question_page(request, sheet, asked, 422, typed=typed, form=form)
    actions.propose(
        sheet, asked, content, source=form.cleaned_data["source"], year=form.cleaned_data["year"], by=request.user,
        language=active_language(),
    )  # fmt: skip
    messages.success(request, gettext("The country sees your proposal beside the question, to confirm or correct it."))
    return redirect("assessments:question", project_id, instrument, question)


@never_cache
@require_POST
def view_add(request: HttpRequest, project_id: uuid.UUID, instrument: str, question: str) -> HttpResponse:
    sheet, asked = find_question(request, project_id, instrument, question, of_questionnaire(Permission.ANSWER))
    form = DifferingForm(request.POST)
    typed, content = _read(request, sheet, asked, form)
    if content is None:
        return question_page(request, sheet, asked, 422, typed=typed, form=form)
    actions.differ(
        sheet, asked, content, why=form.cleaned_data["why"], by=request.user,
        institution=institution_of(request, sheet), language=active_language(),
    )  # fmt: skip
    messages.success(request, gettext("Your view stands beside the answer. The coordinator and the experts read both."))
    return redirect("assessments:question", project_id, instrument, question)


def _find_other(request: HttpRequest, sheet: AnswerSheet, asked: Question, other_id: uuid.UUID) -> OtherAnswer:
    rows = OtherAnswer.objects.filter(sheet=sheet, question=asked).standing().readable_by(request.user, sheet.project)
    other = get_object_or_404(rows, public_id=other_id)
    other.sheet, other.question = sheet, asked
    return other


@require_POST
def proposal_confirm(
    request: HttpRequest, project_id: uuid.UUID, instrument: str, question: str, other_id: uuid.UUID
) -> HttpResponse:
    """The proposal becomes the country's answer, by the person who confirms it."""
    sheet, asked = find_question(request, project_id, instrument, question, of_questionnaire(Permission.ANSWER))
    proposal = _find_other(request, sheet, asked, other_id)
    if proposal.kind != OtherKind.PROPOSED:
        raise Http404
    page = reverse("assessments:section", args=[project_id, instrument, asked.section.code]) + f"#{question}"
    try:
        with refusals_in_words():
            base = forms.read_number(request.POST.get("base", ""))
            reply = actions.confirm(
                proposal, sheet, base=base, by=request.user, institution=institution_of(request, sheet)
            )
    except values.ImpossibleValue as problem:
        messages.error(request, str(problem))
        return redirect(page)
    if reply.outcome is Outcome.SAVED:
        messages.success(request, gettext("%(code)s: confirmed. It is now the country’s answer.") % {"code": question})
    else:
        messages.error(request, outcome_sentence(reply.outcome))
    return redirect(page)


@require_POST
def other_withdraw(
    request: HttpRequest, project_id: uuid.UUID, instrument: str, question: str, other_id: uuid.UUID
) -> HttpResponse:
    """The IB takes back its proposal, an institution its own differing view."""
    sheet, asked = find_question(request, project_id, instrument, question, of_questionnaire(Permission.READ_ANSWERS))
    other = _find_other(request, sheet, asked, other_id)
    if other.kind == OtherKind.PROPOSED:
        require(request.user, Permission.MANAGE_PROJECT, sheet.project)
    else:
        require(request.user, Permission.ANSWER, sheet.project)
        if other.institution != institution_of(request, sheet):
            raise Http404
    actions.withdraw(other, by=request.user)
    messages.success(request, gettext("It no longer stands beside the answer."))
    return redirect("assessments:question", project_id, instrument, question)


@require_POST
def answers_take_over(request: HttpRequest, project_id: uuid.UUID, instrument: str) -> HttpResponse:
    """What was signed in the previous round becomes proposals, wherever nothing is answered yet."""
    sheet = find_sheet(request, project_id, instrument, of_questionnaire(Permission.MANAGE_PROJECT))
    submission = actions.previous_submission(sheet.project)
    if submission is None:
        raise Http404
    number = actions.take_over(sheet, submission, by=request.user)
    sentence = taken_over_sentence(number) if number else gettext("There was nothing more to take over.")
    messages.success(request, sentence)
    return redirect("assessments:questionnaire", project_id)


def taken_over_sentence(number: int) -> str:
    return ngettext(
        "%(number)s answer of the previous round is proposed to the country.",
        "%(number)s answers of the previous round are proposed to the country.",
        number,
    ) % {"number": number}

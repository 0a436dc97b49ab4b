"""A question's own page: what stands, and everything around it."""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from assessments import outline, threads, values
from assessments.actions import others as actions
from assessments.actions.answers import Outcome, takes_answers
from assessments.actions.versions import restore_version
from assessments.forms.answers import RestoreForm
from assessments.forms.others import DifferingForm, OtherForm, ProposalForm
from assessments.forms.threads import CommentForm, ThreadForm
from assessments.history import history
from assessments.models import AnswerRevision, AnswerSheet, OtherAnswer, SheetSection, Thread
from assessments.views.answers import outcome_sentence, refusals_in_words
from assessments.views.find import WRITES, find_question, institution_of, is_national_reader
from assessments.views.sheets import may_mark
from projects.permissions import Permission, allows
from toolkit.models import Audience, Question


@never_cache
@require_safe
def question(request: HttpRequest, project_id: uuid.UUID, instrument: str, question: str) -> HttpResponse:
    sheet, asked = find_question(request, project_id, instrument, question)
    return question_page(request, sheet, asked)


def question_page(
    request: HttpRequest,
    sheet: AnswerSheet,
    asked: Question,
    status: int = 200,
    *,
    typed: dict[str, Any] | None = None,
    form: OtherForm | None = None,
    **bound: Any,
) -> HttpResponse:
    """The page with its blocks; each block's template says what it needs.

    `typed`, `form`: a proposal or differing view that was not saved, with its error. `bound`: see `discussion`.
    """
    (entry,) = outline.question_entries(sheet, [asked], request.user)
    counters = SheetSection.objects.get(sheet=sheet, section=asked.section_id)
    audience = Audience(sheet.instrument.audience)
    is_open = takes_answers(sheet, counters)
    can_write = is_open and not entry.is_withheld and allows(request.user, WRITES[audience], sheet.project)
    institution = institution_of(request, sheet)
    is_national = audience == Audience.NATIONAL
    can_propose = is_open and is_national and allows(request.user, Permission.MANAGE_PROJECT, sheet.project)
    can_differ = can_write and is_national and actions.can_differ(entry.answer, institution)
    own_views = [view for view in entry.views if view.institution == institution]
    standing = [entry.proposal] if can_propose and entry.proposal else own_views if can_differ else []
    return render(
        request,
        "assessments/questions/question.html",
        {
            "project": sheet.project,
            "sheet": sheet,
            "part": asked.section,
            "tab": "strategy" if audience == Audience.EXPERTS else "questionnaire",
            "is_experts": audience == Audience.EXPERTS,
            "entry": entry,
            "can_write": can_write,
            "can_confirm": can_write and is_national and not (entry.answer and entry.answer.is_given),
            "can_propose": can_propose,
            "can_differ": can_differ,
            "own_views": own_views if can_write else [],
            "other": other_fields(asked, entry, typed, standing),
            "other_form": form or (ProposalForm if can_propose else DifferingForm).of(*standing),
            "history": history(sheet, entry, request.user, request.GET.get("page")),
            "is_national_reader": is_national_reader(request, sheet),
            "can_add_evidence": False,  # it is added where one answers
            "discussion": discussion(request, sheet, asked, **bound),
            **outline.explanations(sheet, [asked]),
        },
        status=status,
    )


def other_fields(
    asked: Question, entry: outline.QuestionEntry, typed: dict[str, Any] | None, standing: Sequence[OtherAnswer]
) -> outline.QuestionEntry:
    """The question's fields for an answer beside the one that counts: as typed, or as what stands there says."""
    if typed is None and standing:
        typed = {**standing[0].content(), "value": values.typed_again(asked.kind, standing[0].value)}
    return replace(entry, answer=None, typed=typed, error=(typed or {}).get("error", ""))


@require_POST
def answer_restore(request: HttpRequest, project_id: uuid.UUID, instrument: str, question: str) -> HttpResponse:
    """An earlier version becomes the answer again, as one more version."""
    sheet, asked = find_question(request, project_id, instrument, question, WRITES)
    form = RestoreForm(request.POST)
    if not form.is_valid():
        messages.error(request, gettext("Choose the version in the history below, then try again."))
        return redirect("assessments:question", project_id, instrument, question)
    rows = AnswerRevision.objects.filter(sheet=sheet, question=asked).readable_by(request.user, sheet.project)
    version = get_object_or_404(rows, save_id=form.cleaned_data["version"])
    try:
        with refusals_in_words():
            reply = restore_version(
                sheet,
                asked,
                version,
                base=form.cleaned_data["base"],
                save_id=form.cleaned_data["save_id"],
                by=request.user,
                institution=institution_of(request, sheet),
            )
    except values.ImpossibleValue as problem:
        messages.error(request, str(problem))
        return redirect("assessments:question", project_id, instrument, question)
    if reply.outcome is Outcome.SAVED:
        messages.success(request, gettext("The version is restored. The one that stood before is kept in the history."))
    elif reply.outcome is Outcome.CONFLICT:
        messages.error(
            request,
            gettext(
                "Someone else saved an answer meanwhile, so nothing was restored. Read it below, then choose again."
            ),
        )
    else:
        messages.error(request, outcome_sentence(reply.outcome))
    return redirect("assessments:question", project_id, instrument, question)


def discussion(
    request: HttpRequest,
    sheet: AnswerSheet,
    asked: Question,
    *,
    thread_form: ThreadForm | None = None,
    replied: tuple[Thread, CommentForm] | None = None,
) -> dict[str, Any] | None:
    """What is said about the question, for who takes part; with the form that was refused, if one was."""
    people = threads.people_by_audience(sheet, request.user)
    if not people:
        return None
    return {
        "talks": [_with_refused(talk, replied) for talk in threads.talks(sheet, asked, request.user, people)],
        "form": thread_form or ThreadForm(people=people, by=request.user),
        "beside": threads.beside(sheet, request.user).get(asked.pk, threads.Beside()),
        "may_mark": may_mark(request.user, sheet),
    }


def _with_refused(talk: threads.Talk, replied: tuple[Thread, CommentForm] | None) -> threads.Talk:
    if replied is None or replied[0].pk != talk.thread.pk:
        return talk
    form = replied[1]
    errors = [error for field in form for error in field.errors]
    return replace(talk, errors=errors, typed=form["text"].value() or "")

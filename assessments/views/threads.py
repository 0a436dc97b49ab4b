"""Discussions of a question, and its mark: each verb its own address, back on the question's page."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from assessments import threads
from assessments.actions import threads as actions
from assessments.forms.threads import CommentForm, ThreadForm
from assessments.models import AnswerSheet, Thread, ThreadAudience
from assessments.models.threads import audiences_of
from assessments.views.find import find_question
from assessments.views.questions import question_page
from foundation import mails
from foundation.languages import active_language
from projects.permissions import Permission, require
from toolkit.models import Question


@require_POST
def thread_open(request: HttpRequest, project_id: uuid.UUID, instrument: str, question: str) -> HttpResponse:
    sheet, asked = find_question(request, project_id, instrument, question)
    if not audiences_of(request.user, sheet):
        raise PermissionDenied
    form = ThreadForm(request.POST, people=threads.people_by_audience(sheet, request.user), by=request.user)
    if not form.is_valid():
        return question_page(request, sheet, asked, status=422, thread_form=form)
    thread = actions.open_thread(
        sheet, asked, audience=ThreadAudience(form.cleaned_data["audience"]), text=form.cleaned_data["text"],
        told=form.mentioned, language=active_language(), by=request.user,
    )  # fmt: skip
    return _back_to(request, thread, form.mentioned)


@require_POST
def thread_reply(
    request: HttpRequest, project_id: uuid.UUID, instrument: str, question: str, thread_id: uuid.UUID
) -> HttpResponse:
    thread = _find(request, project_id, instrument, question, thread_id)
    form = CommentForm(request.POST, people=_readers(request, thread), by=request.user)
    if not form.is_valid():
        return question_page(request, thread.sheet, thread.question, status=422, replied=(thread, form))
    actions.reply(
        thread, text=form.cleaned_data["text"], told=form.mentioned, language=active_language(),
        by=request.user,
    )  # fmt: skip
    return _back_to(request, thread, form.mentioned)


@require_POST
def thread_assign(
    request: HttpRequest, project_id: uuid.UUID, instrument: str, question: str, thread_id: uuid.UUID
) -> HttpResponse:
    thread = _find(request, project_id, instrument, question, thread_id)
    chosen = request.POST.get("to", "")
    to = next((person for person in _readers(request, thread) if str(person.public_id) == chosen), None)
    if chosen and to is None:
        raise Http404  # not among those who read it
    actions.assign_thread(thread, to=to, by=request.user)
    return _back_to(request, thread, [])


@require_POST
def thread_resolve(
    request: HttpRequest, project_id: uuid.UUID, instrument: str, question: str, thread_id: uuid.UUID
) -> HttpResponse:
    thread = _find(request, project_id, instrument, question, thread_id)
    actions.resolve_thread(thread, by=request.user)
    return _back_to(request, thread, [])


@require_POST
def thread_reopen(
    request: HttpRequest, project_id: uuid.UUID, instrument: str, question: str, thread_id: uuid.UUID
) -> HttpResponse:
    thread = _find(request, project_id, instrument, question, thread_id)
    actions.reopen_thread(thread)
    return _back_to(request, thread, [])


@require_POST
def mark(request: HttpRequest, project_id: uuid.UUID, instrument: str, question: str) -> HttpResponse:
    sheet, asked = _find_to_mark(request, project_id, instrument, question)
    page = _page_of(request, sheet, asked)  # first: a form that cannot be read changes nothing
    actions.mark_question(sheet, asked, by=request.user)
    messages.success(request, gettext("%(code)s is marked for review: the team sees it.") % {"code": asked.code})
    return page


@require_POST
def unmark(request: HttpRequest, project_id: uuid.UUID, instrument: str, question: str) -> HttpResponse:
    sheet, asked = _find_to_mark(request, project_id, instrument, question)
    page = _page_of(request, sheet, asked)  # first: a form that cannot be read changes nothing
    actions.unmark_question(sheet, asked)
    messages.success(request, gettext("%(code)s is no longer marked for review.") % {"code": asked.code})
    return page


def _find(request: HttpRequest, project_id: uuid.UUID, instrument: str, question: str, thread_id: uuid.UUID) -> Thread:
    """The thread, for those who read it; for others it does not exist."""
    sheet, asked = find_question(request, project_id, instrument, question)
    readable = Thread.objects.readable_by(request.user, sheet).filter(question=asked)
    thread = get_object_or_404(readable, public_id=thread_id)
    thread.sheet, thread.question = sheet, asked
    return thread


def _find_to_mark(
    request: HttpRequest, project_id: uuid.UUID, instrument: str, question: str
) -> tuple[AnswerSheet, Question]:
    sheet, asked = find_question(request, project_id, instrument, question)
    require(request.user, Permission.DISCUSS_IN_TEAM, sheet.project)
    return sheet, asked


def _readers(request: HttpRequest, thread: Thread) -> list[Any]:
    return threads.people_by_audience(thread.sheet, request.user)[ThreadAudience(thread.audience)]


def _back_to(request: HttpRequest, thread: Thread, told: list[Any]) -> HttpResponse:
    if told:
        names = ", ".join(person.name for person in told)
        said = (
            gettext("A message is on its way to: %(names)s.")
            if mails.are_sent()
            else gettext("Said. This site does not send e-mails yet: tell them yourself: %(names)s.")
        )
        messages.success(request, said % {"names": names})
    return redirect(_url(thread.sheet, thread.question) + f"#thread-{thread.public_id}")


def _page_of(request: HttpRequest, sheet: AnswerSheet, asked: Question) -> HttpResponse:
    """Where the button stood: the question's own page, or the section."""
    if request.POST.get("back") == "section":
        part = [sheet.project.public_id, sheet.instrument.code, asked.section.code]
        return redirect(reverse("assessments:section", args=part) + f"#{asked.code}")
    return redirect(_url(sheet, asked))


def _url(sheet: AnswerSheet, asked: Question) -> str:
    return reverse("assessments:question", args=[sheet.project.public_id, sheet.instrument.code, asked.code])

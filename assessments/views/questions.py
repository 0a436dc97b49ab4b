"""A question's own page: what stands, and everything around it."""

import uuid

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from assessments import outline
from assessments.actions import answers as actions
from assessments.models import AnswerSheet, SheetSection
from assessments.views.sheets import READS, WRITES, find_sheet
from projects.permissions import Permission, allows
from toolkit.models import Audience, Question


def find_question(
    request: HttpRequest, project_id: uuid.UUID, instrument: str, code: str, permission: dict[str, Permission] = READS
) -> tuple[AnswerSheet, Question]:
    """The sheet and the question, for those whose role allows what the address is for."""
    sheet = find_sheet(request, project_id, instrument, permission)
    question = outline.structure(sheet.instrument).questions.get(code)
    if question is None:
        raise Http404
    return sheet, question


@never_cache
@require_safe
def question(request: HttpRequest, project_id: uuid.UUID, instrument: str, question: str) -> HttpResponse:
    sheet, asked = find_question(request, project_id, instrument, question)
    return question_page(request, sheet, asked)


def question_page(request: HttpRequest, sheet: AnswerSheet, asked: Question, status: int = 200) -> HttpResponse:
    """The page with its blocks; each block's template says what it needs."""
    (entry,) = outline.question_entries(sheet, [asked], request.user)
    counters = SheetSection.objects.get(sheet=sheet, section=asked.section_id)
    audience = Audience(sheet.instrument.audience)
    can_write = allows(request.user, WRITES[audience], sheet.project) and actions.takes_answers(sheet, counters)
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
            "can_write": can_write and not entry.is_withheld,
            "can_add_evidence": False,  # it is added where one answers
            **outline.explanations(sheet, [asked]),
        },
        status=status,
    )

"""Two submissions side by side, as a whole."""

import uuid

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from assessments.comparison import comparison
from assessments.models import Submission
from assessments.views.find import READS, find_sheet

NOW = "now"


@require_safe
def submissions_compare(request: HttpRequest, project_id: uuid.UUID, instrument: str) -> HttpResponse:
    """What changed from submission `a` to `b` ("now": what stands); by themselves the last and what came before it."""
    sheet = find_sheet(request, project_id, instrument, READS)
    submissions = {str(submission.number): submission for submission in sheet.submissions.order_by("number")}
    if not submissions:
        raise Http404
    numbers = list(submissions)
    to = request.GET.get("b") or (numbers[-1] if len(numbers) > 1 else NOW)
    start = request.GET.get("a") or (numbers[-2] if len(numbers) > 1 else numbers[-1])
    if start not in submissions or to not in {*submissions, NOW}:
        raise Http404
    one: Submission = submissions[start]
    two = submissions.get(to)
    sections = comparison(sheet, one, two, request.user)
    return render(
        request,
        "assessments/submissions_compare.html",
        {
            "project": sheet.project,
            "tab": "questionnaire",
            "sheet": sheet,
            "submissions": list(submissions.values()),
            "one": one,
            "two": two,
            "sections": sections,
            "total": sum(len(entries) for _section, entries in sections),
        },
    )

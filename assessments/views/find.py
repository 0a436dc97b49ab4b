"""Finding a sheet, or a question of it: a view of the questionnaire or the checklist begins here."""

import uuid
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse

from assessments import outline
from assessments.models import READ_CONFIDENTIAL, AnswerSheet
from projects.permissions import Permission, allows, require
from projects.views.find import SHOWN_OF_PROJECT, find_project, find_row
from toolkit.models import Audience, Question

READS = {Audience.NATIONAL: Permission.READ_ANSWERS, Audience.EXPERTS: Permission.READ_FINDINGS}
WRITES = {Audience.NATIONAL: Permission.ANSWER, Audience.EXPERTS: Permission.RECOMMEND}


def of_this_person(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Of what a script sends X-Person says whose it is: where someone else has signed in since, nothing is taken."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.headers.get("X-Person", "") not in {"", str(request.user.public_id)}:
            return JsonResponse({"problem": "other_person"}, status=401)
        return view(request, *args, **kwargs)

    return guarded


def of_questionnaire(permission: Permission) -> dict[Audience, Permission]:
    """For an address that only the questionnaire has, not the checklist."""
    return {Audience.NATIONAL: permission}


def bare_sheets() -> QuerySet[AnswerSheet]:
    """For a save, which shows no page."""
    return AnswerSheet.objects.select_related("project").annotate(digest=F("instrument__framework__digest"))


def shown_sheets() -> QuerySet[AnswerSheet]:
    return bare_sheets().select_related(*(f"project__{name}" for name in SHOWN_OF_PROJECT))


def find_sheet(
    request: HttpRequest,
    project_id: uuid.UUID,
    instrument: str,
    permission: Mapping[Audience, Permission],
    sheets: Callable[[], QuerySet[AnswerSheet]] = shown_sheets,
) -> AnswerSheet:
    """The sheet, for those whose role allows what the address is for.

    `permission`: by whom the sheet is for; where there is none, there is no such address. `sheets`: with what is read
    together with it; the instrument comes from memory. Raises Http404, also for a sheet that one may not even read;
    PermissionDenied.
    """
    sheet = find_row(sheets, "project__", request.user, project__public_id=project_id, instrument__code=instrument)
    sheet.instrument = outline.instrument_of(sheet.instrument_id, sheet.digest)
    project = sheet.project
    audience = Audience(sheet.instrument.audience)
    if audience == Audience.EXPERTS and not allows(request.user, READS[audience], project):
        raise Http404  # that there is a checklist is the experts' before release
    if audience not in permission:
        raise Http404
    require(request.user, permission[audience], project)
    return sheet


def find_questionnaire(request: HttpRequest, project_id: uuid.UUID, permission: Permission) -> AnswerSheet:
    """The questionnaire's sheet, for an address that does not name it. Raises Http404, PermissionDenied."""
    project = find_project(request, project_id)
    require(request.user, permission, project)
    sheet = outline.national_sheet(project)
    sheet.project = project
    return sheet


def find_question(
    request: HttpRequest,
    project_id: uuid.UUID,
    instrument: str,
    code: str,
    permission: Mapping[Audience, Permission] = READS,
    sheets: Callable[[], QuerySet[AnswerSheet]] = shown_sheets,
) -> tuple[AnswerSheet, Question]:
    """The sheet, as `find_sheet` finds it, and the question. Raises Http404, PermissionDenied."""
    sheet = find_sheet(request, project_id, instrument, permission, sheets)
    question = outline.structure(sheet.instrument).questions.get(code)
    if question is None:
        raise Http404
    return sheet, question


def is_national_reader(request: HttpRequest, sheet: AnswerSheet) -> bool:
    """Whether the person examines nothing here: neither an expert nor of the International Bureau."""
    return not sheet.project.roles_of(request.user) & READ_CONFIDENTIAL


def institution_of(request: HttpRequest, sheet: AnswerSheet) -> str:
    """The institution the person answers for; the Post's coordinator first where one stands for several."""
    institutions = sheet.project.places_of(request.user).institutions
    return "post" if "post" in institutions else min(institutions, default="")

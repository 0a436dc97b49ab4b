"""A file of evidence in chunks, from the script: begin or go on, a chunk, give up. Always JSON."""

import logging
import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from assessments import outline, values
from assessments.actions import evidence as evidence_actions
from assessments.actions import uploads as actions
from assessments.forms import evidence as evidence_forms
from assessments.forms.uploads import MOST_AT_ONCE, ChunkForm, UploadForm, is_whole
from assessments.models import AnswerSheet, Upload
from assessments.views.evidence import evidence_html
from assessments.views.find import WRITES, find_question, find_sheet, institution_of, of_this_person
from foundation import arrivals, files
from foundation.languages import active_language
from toolkit.models import Question

logger = logging.getLogger(__name__)


def refusal(message: str) -> JsonResponse:
    """This file cannot be taken; sending it again changes nothing."""
    return JsonResponse({"problem": "refused", "message": message}, status=422)


@never_cache
@require_POST
@of_this_person
def upload_start(request: HttpRequest, project_id: uuid.UUID, instrument: str, question: str) -> HttpResponse:
    """Where the chunks of this file go, and how much of it is there already."""
    sheet, asked = find_question(request, project_id, instrument, question, WRITES)
    form = UploadForm(request.POST)
    if not form.is_valid():
        return refusal(" ".join(error for errors in form.errors.values() for error in errors))
    try:
        evidence_forms.require_pace(request.user, 1)
        upload = actions.start_upload(
            sheet, asked, institution=institution_of(request, sheet), by=request.user, **form.cleaned_data
        )
    except values.ImpossibleValue as problem:
        return refusal(str(problem))
    except evidence_actions.NoRoom as problem:
        return refusal(evidence_forms.no_room(form.cleaned_data["name"], problem.most))
    return JsonResponse(_state(sheet, upload))


def _state(sheet: AnswerSheet, upload: Upload) -> dict[str, Any]:
    address = [sheet.project.public_id, sheet.instrument.code, upload.public_id]
    return {
        "url": reverse("assessments:upload_chunk", args=address),
        "give_up": reverse("assessments:upload_give_up", args=address),
        "received": upload.received,
        "size": upload.size,
        "name": upload.name,
        "source": upload.source,
        "is_added": upload.use_id is not None,
    }


@never_cache
@require_safe
@of_this_person
def upload_list(request: HttpRequest, project_id: uuid.UUID, instrument: str) -> HttpResponse:
    """The person's own files of which a part has arrived, so that a page that was loaded again can go on.

    `added`: what arrived whole of late, so that the same photo is not asked about again.
    """
    sheet = find_sheet(request, project_id, instrument, WRITES)
    own = Upload.objects.filter(sheet=sheet, started_by=request.user).select_related("question__section").order_by("pk")
    added = own.finished().exclude(source="").select_related("use__piece")
    return JsonResponse(
        {
            "uploads": [{**_place(sheet, upload.question), **_state(sheet, upload)} for upload in own.unfinished()],
            "added": [
                {
                    "question": upload.question.code,
                    "source": upload.source,
                    "name": upload.name,
                    "is_confidential": upload.use is not None and upload.use.piece.is_confidential,
                }
                for upload in added
            ],
        }
    )


def _place(sheet: AnswerSheet, question: Question) -> dict[str, str]:
    address = [sheet.project.public_id, sheet.instrument.code, question.section.code]
    return {"question": question.code, "page": reverse("assessments:section", args=address)}


def _find(request: HttpRequest, project_id: uuid.UUID, instrument: str, upload_id: uuid.UUID) -> Upload:
    sheet = find_sheet(request, project_id, instrument, WRITES)
    uploads = Upload.objects.filter(sheet=sheet, started_by=request.user).select_related("use__piece", "started_by")
    upload = get_object_or_404(uploads, public_id=upload_id)
    upload.sheet = sheet
    upload.question = outline.structure(sheet.instrument).by_id[upload.question_id]
    return upload


@never_cache
@require_POST
@of_this_person
def upload_chunk(request: HttpRequest, project_id: uuid.UUID, instrument: str, upload_id: uuid.UUID) -> HttpResponse:
    """The bytes from `offset` on. 409 says where the upload is, to go on from there; an empty chunk only asks."""
    upload = _find(request, project_id, instrument, upload_id)
    form = ChunkForm(request.GET)
    if not form.is_valid() or len(request.body) > MOST_AT_ONCE:
        return refusal(gettext("The page is out of date. Load it again, and choose the file once more."))
    chunk, offset = request.body, form.cleaned_data["offset"]
    try:
        if upload.use is None:
            if not is_whole(chunk, form.cleaned_data["sha256"]):
                return _go_on_from(upload.received)
            if offset == 0 and chunk:
                evidence_forms.type_by(chunk[: evidence_forms.HEAD], upload.name)
            actions.receive(upload, offset, chunk)
        if upload.received < upload.size:
            return JsonResponse({"received": upload.received})
        _finish(upload)
    except values.ImpossibleValue as problem:
        actions.give_up(upload)
        return refusal(str(problem))
    except evidence_actions.NoRoom as problem:
        return refusal(evidence_forms.no_room(upload.name, problem.most))
    except actions.ElsewhereByNow as problem:
        return _go_on_from(problem.received)
    except arrivals.Gone:
        return _go_on_from(0)
    except files.NotStored:
        logger.exception("a piece of evidence could not be stored")
        return JsonResponse({"problem": "not_stored", "message": evidence_forms.not_stored()}, status=503)
    return JsonResponse({"received": upload.size, "html": evidence_html(request, upload.sheet, upload.question)})


def _go_on_from(received: int) -> JsonResponse:
    return JsonResponse({"problem": "elsewhere", "received": received}, status=409)


def _finish(upload: Upload) -> None:
    if upload.use is not None:
        return
    head = arrivals.head(upload.public_id, evidence_forms.HEAD, folder=actions.FOLDER)
    content_type = evidence_forms.type_by(head, upload.name)
    actions.finish_upload(
        upload,
        name=evidence_forms.name_of(upload.name, content_type),
        content_type=content_type,
        said=evidence_actions.Piece(
            language=active_language(),
            is_confidential=upload.is_confidential,
        ),
    )


@never_cache
@require_POST
@of_this_person
def upload_give_up(request: HttpRequest, project_id: uuid.UUID, instrument: str, upload_id: uuid.UUID) -> HttpResponse:
    actions.give_up(_find(request, project_id, instrument, upload_id))
    return JsonResponse({})

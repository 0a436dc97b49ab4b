"""An institution's signatory reads and signs the institution's own sections."""

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from assessments import outline
from assessments.actions import signatures as actions
from assessments.forms.signatures import IS_OURS, SectionsSignForm
from assessments.models import AnswerSheet
from assessments.signatures import signatories, signs_for
from assessments.views.find import find_sheet, of_questionnaire
from foundation import mails
from projects.permissions import Permission
from toolkit.models import Institution


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sections_sign(request: HttpRequest, project_id: uuid.UUID, instrument: str) -> HttpResponse:
    sheet = find_sheet(request, project_id, instrument, of_questionnaire(Permission.SIGN))
    if request.method != "POST":
        return _page(request, sheet, None)
    form = SectionsSignForm(request.POST)
    if not form.is_valid():
        return _page(request, sheet, form, status=422)
    signed = actions.sign_sections(
        sheet, read=form.sections_read, name=form.cleaned_data["name"], function=form.cleaned_data["function"],
        statement=str(IS_OURS), by=request.user,
    )  # fmt: skip
    messages.success(
        request, gettext("Signed. Number of sections: %(count)s. The team sees it.") % {"count": len(signed)}
    )
    return redirect("assessments:questionnaire", project_id)


@require_POST
def sections_ask(request: HttpRequest, project_id: uuid.UUID, instrument: str) -> HttpResponse:
    """The coordinator asks the institutions’ signatories to sign their sections."""
    sheet = find_sheet(request, project_id, instrument, of_questionnaire(Permission.LEAD_TEAM))
    asked = actions.ask_institutions(sheet, by=request.user)
    names = ", ".join(str(Institution(place).label) for place in asked)
    said = (
        gettext("A message went to the signatories of: %(institutions)s.")
        if mails.are_sent()
        else gettext(
            "The signature is asked for. This site does not send e-mails yet: tell the signatories of these "
            "institutions yourself: %(institutions)s."
        )
    )
    messages.success(request, said % {"institutions": names})
    return redirect("assessments:questionnaire", project_id)


def _page(request: HttpRequest, sheet: AnswerSheet, form: SectionsSignForm | None, status: int = 200) -> HttpResponse:
    mine = signs_for(sheet, request.user)
    own = [
        section
        for signatory in signatories(sheet, outline.section_entries(sheet))
        if signatory.institution in mine
        for section in signatory.sections
    ]
    to_sign = [section for section in own if section.can_be_signed]
    parts = [section.entry.section for section in to_sign]
    questions = [question for part in parts for question in outline.structure(sheet.instrument).of_section(part)]
    entries = outline.question_entries(sheet, questions, request.user)
    return render(
        request,
        "assessments/sections_sign.html",
        {
            "project": sheet.project,
            "tab": "questionnaire",
            "sheet": sheet,
            "own": own,
            "by_section": [
                (part, [entry for entry in entries if entry.question.section_id == part.pk]) for part in parts
            ],
            "can_sign": bool(to_sign) and actions.takes_section_signatures(sheet),
            "form": form or SectionsSignForm.for_reader(request.user, to_sign),
        },
        status=status,
    )

"""Sharing the questionnaire out among the national team."""

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_http_methods

from assessments import outline
from assessments.actions import teamwork as actions
from assessments.forms.teamwork import AssignForm
from assessments.views.find import find_sheet, of_questionnaire
from foundation import mails
from projects.permissions import Permission
from projects.roster import answering_members, invited_to_answer


@require_http_methods(["GET", "HEAD", "POST"])
def assignments(request: HttpRequest, project_id: uuid.UUID, instrument: str) -> HttpResponse:
    """Who answers which section, until when: one table for all of them."""
    sheet = find_sheet(request, project_id, instrument, of_questionnaire(Permission.LEAD_TEAM))
    form = AssignForm(
        request.POST if request.method == "POST" else None,
        entries=outline.section_entries(sheet),
        members=answering_members(sheet.project),
        usually=outline.usual_institutions(sheet.instrument),
    )
    if request.method == "POST" and form.is_valid():
        changed = len(actions.assign_sections(sheet, form.wanted, by=request.user))
        messages.success(
            request,
            ngettext("Saved: %(count)s section has changed.", "Saved: %(count)s sections have changed.", changed)
            % {"count": changed}
            + " "
            + (
                gettext("Those who have new sections get one message each.")
                if mails.are_sent()
                else gettext("This site does not send e-mails yet: tell those who have new sections yourself.")
            ),
        )
        return redirect("assessments:questionnaire", project_id)
    return render(
        request,
        "assessments/assignments.html",
        {
            "project": sheet.project,
            "tab": "questionnaire",
            "sheet": sheet,
            "form": form,
            "rows": form.rows(),
            "invited": [invitation.name for invitation in invited_to_answer(sheet.project)],
        },
        status=422 if form.errors else 200,
    )

"""An institution's signatory signs the sections that are the institution's own."""

import datetime
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assessments import notifications, outline
from assessments.actions.sheets import lock_sheet
from assessments.models import AnswerSheet, SectionSignature, SheetState
from assessments.signatures import signatories, signs_for
from foundation.languages import active_language
from projects.models import MoveNotAllowed, ProjectEvent, log


@transaction.atomic
def sign_sections(
    sheet: AnswerSheet, *, read: Mapping[str, str], name: str, function: str, statement: str, by: Any
) -> list[SectionSignature]:
    """Sign the sections, by code, of which `read` has the checksum of the answers that were read.

    Raises MoveNotAllowed when one of them changed since, or is not the person's to sign: nobody signs what they did
    not read.
    """
    locked = lock_sheet(sheet)
    if not takes_section_signatures(locked):
        raise MoveNotAllowed(_("The questionnaire was submitted already, or its project does not run."))
    mine = signs_for(locked, by)
    offered = {
        section.entry.section.code: (signatory, section)
        for signatory in signatories(locked, outline.section_entries(locked))
        if signatory.institution in mine
        for section in signatory.sections
    }
    if not read or any(code not in offered or offered[code][1].sha256 != sha256 for code, sha256 in read.items()):
        raise MoveNotAllowed(_("The answers have changed since you read them. Read them once more, then sign."))
    signed = [
        SectionSignature.objects.create(
            sheet_section=offered[code][1].entry.counters, institution=offered[code][0].institution, sha256=sha256,
            name=name, function=function, statement=statement, language=active_language(), signed_by=by,
        )
        for code, sha256 in read.items()
    ]  # fmt: skip
    log(locked.project, "sections_signed", by=by, name=name, function=function, sections=list(read))
    return signed


@transaction.atomic
def ask_institutions(sheet: AnswerSheet, *, by: Any) -> list[str]:
    """Write to the signatories of the institutions whose sections have answers to sign; which institutions these are.

    Raises MoveNotAllowed when nothing waits for a signatory of the team, or when they were asked within a day.
    """
    locked = lock_sheet(sheet)
    if not takes_section_signatures(locked):
        raise MoveNotAllowed(_("The questionnaire was submitted already, or its project does not run."))
    lately = ProjectEvent.objects.filter(
        project=locked.project, kind="signatures_asked", at__gt=timezone.now() - datetime.timedelta(days=1)
    )
    if lately.exists():
        raise MoveNotAllowed(_("They were asked within the last day. Give them a little time, then ask again."))
    institutions = ask_for_sections(locked, by=by)
    if not institutions:
        raise MoveNotAllowed(
            _("Nobody in the team can sign these sections: invite a signatory of the institution, or fill them first.")
        )
    log(locked.project, "signatures_asked", by=by, institutions=institutions)
    return institutions


def ask_for_sections(sheet: AnswerSheet, *, by: Any) -> list[str]:
    """The same without a refusal, for the questionnaire as it goes to the signatory of the whole."""
    waiting = {
        str(signatory.institution): [section.entry.section for section in signatory.to_sign]
        for signatory in signatories(sheet, outline.section_entries(sheet))
        if signatory.to_sign
    }
    return notifications.ask_to_sign_sections(sheet, waiting, by=by) if waiting else []


def takes_section_signatures(sheet: AnswerSheet) -> bool:
    """Until the whole is submitted."""
    return sheet.project.is_running and sheet.state in {SheetState.OPEN, SheetState.AWAITING_SIGNATURE}

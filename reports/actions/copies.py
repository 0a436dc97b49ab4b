"""Asking for a copy of the questionnaire, and the forgetting of those that nobody needs any more."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from assessments.models import AnswerSheet
from foundation import files, jobs
from foundation.models import Job
from projects.models import MoveNotAllowed
from reports.models import Copy, CopyFormat, Import, languages_of
from toolkit.models import Section

AT_ONCE = 6  # of one person: what a queue for all can bear


@transaction.atomic
def request_copy(
    sheet: AnswerSheet, *, format: str, section: Section | None, is_filled: bool, language: str, by: Any
) -> Copy:
    """Queue a copy for one person; the same one that is being made already stands for it. Raises MoveNotAllowed."""
    if language not in languages_of(sheet.project.framework):
        raise MoveNotAllowed(_("The framework of this project has no texts in that language."))
    wanted = {
        "sheet": sheet, "format": CopyFormat(format), "section": section, "language": language,
        "is_filled": is_filled or format == CopyFormat.XLSX,
    }  # fmt: skip
    waiting = list(Copy.objects.in_the_making().filter(requested_by=by).order_by("pk"))
    for copy in waiting:
        if all(getattr(copy, name) == value for name, value in wanted.items()):
            return copy
    if len(waiting) >= AT_ONCE:
        raise MoveNotAllowed(_("Several files are being made for you already. Wait until one of them is here."))
    return Copy.objects.create(job=jobs.enqueue("reports.make_copy"), requested_by=by, **wanted)


def forget_expired() -> int:
    """Delete the copies and the spreadsheets read that are too old; how many. Two clocks at once do no harm."""
    count = 0
    for copy in Copy.objects.expired().select_related("file").order_by("pk")[:500]:
        with transaction.atomic():
            Copy.objects.filter(pk=copy.pk).delete()
            Job.objects.filter(pk=copy.job_id).delete()
            if copy.file:
                copy.file.delete()
        if copy.file:
            files.path_of(copy.file).unlink(missing_ok=True)
        count += 1
    return count + Import.objects.expired().delete()[0]

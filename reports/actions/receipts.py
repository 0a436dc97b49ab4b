"""Asking for the receipt of a submission."""

from functools import partial
from typing import Any

from django.db import transaction

from assessments.models import Submission
from foundation import jobs
from foundation.models import JobState
from reports.models import Receipt


@transaction.atomic
def request_receipt(submission: Submission, language: str, *, by: Any) -> Receipt:
    """Queue the receipt in that language; one that is there or on its way stands for it, a failed one is tried again.

    Of two who ask at once one waits for the submission's row, and finds what the other asked for.
    """
    Submission.objects.select_for_update().get(pk=submission.pk)
    receipt = Receipt.objects.filter(submission=submission, language=language).select_related("job").first()
    if receipt is None:
        job = jobs.enqueue("reports.render_receipt")
        return Receipt.objects.create(submission=submission, language=language, job=job, requested_by=by)
    if receipt.job.state == JobState.FAILED:
        receipt.job.again()
        transaction.on_commit(partial(jobs.wake, receipt.job))
    return receipt

"""A mail is a job row too: written with what it is about, sent by a worker, never lost (DESIGN, Jobs)."""

from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from foundation import jobs
from foundation.models import JobState, Mail

CALLED_OFF = "called_off"  # by the operator, after a restore (docs/operations.md): no fault of the address


def are_sent() -> bool:
    """Whether they leave the site: without a mail server each is kept as a file, and nobody is to hear that it went."""
    return bool(settings.EMAIL_URL)


def write(*, to: str, language: str, subject: str, body: str) -> Mail:
    """Queue a message; call inside the transaction of what it tells."""
    return Mail.objects.create(
        job=jobs.enqueue("foundation.send_mail"), to=to, language=language, subject=subject, body=body
    )


def undelivered_to(addresses: Iterable[str]) -> list[str]:
    """Of these addresses, those to which the latest message could not be delivered. One query."""
    return _undelivered(Mail.objects.filter(to__in=set(addresses)))


def undelivered_lately(days: int = 30) -> list[str]:
    """The addresses to which a message was refused, or given up, in these days, and none was delivered since."""
    since = timezone.now() - timedelta(days=days)
    failed = Mail.objects.filter(job__state=JobState.FAILED, job__finished_at__gte=since)
    return _undelivered(Mail.objects.filter(to__in=failed.values("to")))


def _undelivered(mails: QuerySet[Mail]) -> list[str]:
    over = mails.exclude(job__problem=CALLED_OFF).values("to").order_by("to")
    newest = over.annotate(
        failed=Max("pk", filter=Q(job__state=JobState.FAILED)), sent=Max("pk", filter=Q(job__state=JobState.DONE))
    )
    return [row["to"] for row in newest if row["failed"] and row["failed"] > (row["sent"] or 0)]
